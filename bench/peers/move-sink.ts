import type { MoveDestination } from './peer.js';
import { startStorescp } from './storescp.js';

/** Runs `body` while DCMTK's storescp takes what is sent to the destination and drops it. */
export async function withMoveSink<Result>(
  { aeTitle, port }: MoveDestination,
  body: () => Promise<Result>,
): Promise<Result> {
  const sink = await startStorescp({ aeTitle, port, args: ['--ignore'] });
  try {
    return await body();
  } finally {
    await sink.stop();
  }
}
