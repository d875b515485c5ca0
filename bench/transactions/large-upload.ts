import { Corpus, type CorpusInstance } from '../corpus/corpus.js';
import { hashedIndex } from '../corpus/random-source.js';
import { driveClosedLoop, type Operate } from '../harness/closed-loop.js';
import { DicomScu } from '../harness/dicom-scu.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { frameOperation } from './frame-operation.js';
import { storeInstances } from './stow-request.js';

const SEED = 97;
const FRAME_ROWS = 512;
const FRAMES_PER_MIB = 2;
/** Apart from the numbers of the other cases that store. */
const FIRST_CORPUS_NUMBER = 5000;
const REPETITIONS_MAX = 20;
const PDU_BYTES = 128 * 1024;
const UPLOAD_TIMEOUT_MS = 600_000;

type Send = (peer: RunningPeer, instance: CorpusInstance) => Promise<void>;

const SENDERS: Readonly<Record<string, Send>> = { 'STOW-RS': sendByStow, 'C-STORE': sendByCStore };

/**
 * One client reads frames of a CT while another sends an instance of gigabytes as fast as it can: what counts is the latency of
 * the first, and the resident set.
 */
export function largeUploadCases({ largeUploadMib }: Scale): readonly BenchCase[] {
  return Object.entries(SENDERS).map(([door, send], doorNumber) => ({
    transaction: 'extremes',
    name: `frame of CT while ${largeUploadMib} MiB come by ${door}`,
    concurrency: 1,
    unit: 'requests',
    needs: ['ct'],
    run: async ({ peer, corpora: { ct } }, repetition) => {
      const corpusNumber = FIRST_CORPUS_NUMBER + doorNumber * REPETITIONS_MAX + repetition;
      const instance = largeInstance(corpusNumber, largeUploadMib);
      let isSending = true;
      const sent = send(peer, instance).finally(() => (isSending = false));
      sent.catch(() => undefined);
      const connection = new HttpConnection(peer.httpPort);
      const read: Operate = async (operation) => {
        const index = hashedIndex(SEED, operation, ct.instanceCount);
        const image = ct.instance(index);
        const { path, accept } = frameOperation(image, 0, image.pixelData);
        const response = await connection.request({
          method: 'GET',
          target: peer.dicomWebPath + path,
          headerLines: [`Accept: ${accept}`],
          keepBody: false,
        });
        if (response.status !== 200) throw new Error(`answered ${response.status}`);
        return { units: 1, bytes: response.bodyBytes };
      };
      const result = await driveClosedLoop([read], {
        operationsMax: Number.POSITIVE_INFINITY,
        durationMaxMs: UPLOAD_TIMEOUT_MS,
        warmUpOperations: 0,
        isWanted: () => isSending,
      });
      connection.close();
      await sent;
      return result;
    },
  }));
}

function largeInstance(corpusNumber: number, mebibytes: number): CorpusInstance {
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

async function sendByStow(peer: RunningPeer, instance: CorpusInstance): Promise<void> {
  const connection = new HttpConnection(peer.httpPort);
  try {
    await storeInstances(connection, peer, [instance]);
  } finally {
    connection.close();
  }
}

async function sendByCStore(peer: RunningPeer, instance: CorpusInstance): Promise<void> {
  const association = await DicomScu.associate({
    port: peer.dimsePort,
    calledAeTitle: peer.aeTitle,
    callingAeTitle: 'BENCH',
    sopClassUids: [instance.sopClassUid],
    pduLengthMaxBytes: PDU_BYTES,
  });
  const status = await association.store(instance);
  if (status !== 0) throw new Error(`C-STORE status 0x${status.toString(16)}`);
  await association.release();
}
