import { composeDocument, type ComposedDataSet, type DocumentTask } from './compose-document.js';

/** Piscina task: the instances of a metadata part. */
export default async function compose(task: DocumentTask): Promise<ComposedDataSet[]> {
  const composed = await composeDocument(task);
  return composed.map((each) =>
    each.result === 'composed' ? { ...each, pieces: each.pieces.map(ownBytes) } : each,
  );
}

/** A view would cross with all of the buffer behind it. */
function ownBytes<Piece>(piece: Piece): Piece | Uint8Array {
  return piece instanceof Uint8Array ? Uint8Array.from(piece) : piece;
}
