import { inflateTexts, type DeflatedText } from '#engine/base/deflated-text.js';
import type { InstanceLayout, MetadataDocument } from '#engine/dicom/instance/parsed-instance.js';
import { deflateMetadata } from '#engine/dicom/json-model/deflate-metadata.js';
import { contentOf, createSealable, seal, unseal } from './sealed-value.js';

/**
 * What is kept beside an instance record, each value sealed with a checksum.
 *
 * metadata: count u32 of pieces (deflated-text.ts), for each textBytes u32, crc32 u32, length of its blocks u32; then the blocks,
 *   one after another. URLs go in between two pieces. Version 1, which is still read: count u32 of the URI offsets, offsets u32,
 *   JSON text. All little-endian
 * layout: JSON text of `InstanceLayout`
 * frame table page: entries as ../../dicom/pixel-data/frame-table.ts encodes them
 */
const metadataVersion = 2;
const plainMetadataVersion = 1;
const layoutVersion = 1;
const frameTablePageVersion = 1;

const pieceHeadBytes = 12;

export function encodeMetadata(document: MetadataDocument): Buffer {
  const pieces = document.pieces ?? deflateMetadata(document);
  const blocksAt = 4 + pieceHeadBytes * pieces.length;
  const blocksBytes = pieces.reduce((sum, { blocks }) => sum + blocks.length, 0);
  const value = createSealable(metadataVersion, blocksAt + blocksBytes);
  const content = contentOf(value);
  content.writeUInt32LE(pieces.length, 0);
  let at = blocksAt;
  for (const [n, { textBytes, crc32, blocks }] of pieces.entries()) {
    const headAt = 4 + n * pieceHeadBytes;
    content.writeUInt32LE(textBytes, headAt);
    content.writeUInt32LE(crc32, headAt + 4);
    content.writeUInt32LE(blocks.length, headAt + 8);
    content.set(blocks, at);
    at += blocks.length;
  }
  return seal(value);
}

/** The document's pieces are views of `value`; its `json` is made when it is asked for. Throws `corrupt`. */
export function decodeMetadata(value: Buffer): MetadataDocument {
  if (value[0] === plainMetadataVersion) return decodePlainMetadata(value);
  const content = unseal(value, metadataVersion, 'metadata document');
  const pieceCount = content.readUInt32LE(0);
  const pieces: DeflatedText[] = [];
  const uriOffsets: number[] = [];
  let at = 4 + pieceHeadBytes * pieceCount;
  let textBytes = 0;
  for (let n = 0; n < pieceCount; n++) {
    const headAt = 4 + n * pieceHeadBytes;
    if (n > 0) uriOffsets.push(textBytes);
    const end = at + content.readUInt32LE(headAt + 8);
    const piece = {
      textBytes: content.readUInt32LE(headAt),
      crc32: content.readUInt32LE(headAt + 4),
      blocks: content.subarray(at, end),
    };
    pieces.push(piece);
    textBytes += piece.textBytes;
    at = end;
  }
  let json: Buffer | undefined;
  return {
    pieces,
    uriOffsets,
    get json() {
      return (json ??= inflateTexts(pieces));
    },
  };
}

function decodePlainMetadata(value: Buffer): MetadataDocument {
  const content = unseal(value, plainMetadataVersion, 'metadata document');
  const count = content.readUInt32LE(0);
  const uriOffsets: number[] = [];
  for (let n = 0; n < count; n++) uriOffsets.push(content.readUInt32LE(4 + 4 * n));
  return { json: content.subarray(4 + 4 * count), uriOffsets };
}

export function encodeLayout(layout: InstanceLayout): Buffer {
  const json = JSON.stringify(layout);
  const value = createSealable(layoutVersion, Buffer.byteLength(json));
  contentOf(value).write(json, 'utf8');
  return seal(value);
}

/** Throws `corrupt`. */
export function decodeLayout(value: Buffer): InstanceLayout {
  return JSON.parse(unseal(value, layoutVersion, 'layout').toString('utf8')) as InstanceLayout;
}

export function encodeFrameTablePage(entries: Uint8Array): Buffer {
  const value = createSealable(frameTablePageVersion, entries.length);
  contentOf(value).set(entries);
  return seal(value);
}

/** The encoded entries, a view of `value`. Throws `corrupt`. */
export function decodeFrameTablePage(value: Buffer): Buffer {
  return unseal(value, frameTablePageVersion, 'frame table page');
}
