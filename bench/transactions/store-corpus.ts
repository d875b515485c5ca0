import type { Corpus } from '../corpus/corpus.js';
import {
  driveClosedLoop,
  type LoadBounds,
  type LoadResult,
  type Operate,
} from '../harness/closed-loop.js';
import { DicomScu } from '../harness/dicom-scu.js';
import type { RunningPeer } from '../peers/peer.js';

/** How {@link storeCorpus} sends. */
export interface StoreOptions {
  readonly concurrency: number;
  readonly pduLengthMaxBytes: number;
  readonly bounds: LoadBounds;
}

/** Sends the instances of a corpus in order by C-STORE, over several associations with one operation under way on each. */
export async function storeCorpus(
  peer: RunningPeer,
  corpus: Corpus,
  { concurrency, pduLengthMaxBytes, bounds }: StoreOptions,
): Promise<LoadResult> {
  const associations = await Promise.all(
    Array.from({ length: concurrency }, () =>
      DicomScu.associate({
        port: peer.dimsePort,
        calledAeTitle: peer.aeTitle,
        callingAeTitle: 'BENCH',
        sopClassUids: corpus.sopClassUids,
        pduLengthMaxBytes,
      }),
    ),
  );
  const clients = associations.map((association): Operate => async (operation) => {
    const instance = corpus.instance(operation);
    const status = await association.store(instance);
    if (status !== 0) throw new Error(`C-STORE status 0x${status.toString(16)}`);
    return { units: 1, bytes: instance.header.length + instance.pixelData.length };
  });
  const result = await driveClosedLoop(clients, bounds);
  await Promise.all(associations.map((association) => association.release()));
  return result;
}
