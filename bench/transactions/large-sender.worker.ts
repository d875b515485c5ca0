import { workerData } from 'node:worker_threads';
import { Corpus, type CorpusInstance } from '../corpus/corpus.js';
import { DicomScu } from '../harness/dicom-scu.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';
import { storeInstances } from './stow-request.js';

/** What the thread is given. */
export interface LargeSend {
  readonly door: 'STOW-RS' | 'C-STORE';
  readonly peer: LargeSendPeer;
  /** Apart from those of the other cases that store. */
  readonly corpusNumber: number;
  readonly mebibytes: number;
}

/** Where to send. */
export type LargeSendPeer = Pick<
  RunningPeer,
  'httpPort' | 'dicomWebPath' | 'dimsePort' | 'aeTitle'
>;

const SEED = 97;
const FRAME_ROWS = 512;
const FRAMES_PER_MIB = 2;
const PDU_BYTES = 128 * 1024;

/** Sends one instance of many frames as fast as it can; the thread ends when it is stored, or with the error. */
const { door, peer, corpusNumber, mebibytes } = workerData as LargeSend;
const instance = largeInstance();
await (door === 'STOW-RS' ? sendByStow(instance) : sendByCStore(instance));

function largeInstance(): CorpusInstance {
  const image = {
    rows: FRAME_ROWS,
    columns: FRAME_ROWS,
    frameCount: mebibytes * FRAMES_PER_MIB,
  };
  const corpus = new Corpus(
    { corpusNumber, seed: SEED, modalities: ['CT'], firstYear: 1990, familyPrefix: 'Lg' },
    { studyCount: 1, seriesPerStudy: 1, instancesPerSeries: 1, image },
  );
  return corpus.instance(0);
}

async function sendByStow(large: CorpusInstance): Promise<void> {
  const connection = new HttpConnection(peer.httpPort);
  try {
    await storeInstances(connection, peer, [large]);
  } finally {
    connection.close();
  }
}

async function sendByCStore(large: CorpusInstance): Promise<void> {
  const association = await DicomScu.associate({
    port: peer.dimsePort,
    calledAeTitle: peer.aeTitle,
    callingAeTitle: 'BENCH',
    sopClassUids: [large.sopClassUid],
    pduLengthMaxBytes: PDU_BYTES,
  });
  const status = await association.store(large);
  if (status !== 0) throw new Error(`C-STORE status 0x${status.toString(16)}`);
  await association.release();
}
