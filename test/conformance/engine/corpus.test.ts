import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance } from '#engine/dicom/instance/describe-instance.js';
import { joinFragments, readFrameEntry } from '#engine/dicom/pixel-data/frame-table.js';
import { corpusMissing, readCorpusFile, corpusFiles } from '#test/helpers/corpus.js';

/** Generous: it is the absence of quadratic work that is tested. */
const millisecondsMax = 2_000;

/** Its JPEG frame is 256 KiB of zeros. */
const emptyCodestream = 'compressed/fo-dicom__Test_Data__genFile.dcm';

test('PS3.10 §7 every file of the corpus gives a description or an error of the catalogue', async (t) => {
  if (corpusMissing !== false) return t.skip(corpusMissing);
  for (const file of corpusFiles()) {
    const bytes = readCorpusFile(file);
    const startMs = performance.now();
    const result = await describeInstance(new MemoryByteSource([bytes]));
    assert.ok(performance.now() - startMs < millisecondsMax, file.path);
    if (result.ok) JSON.parse(Buffer.from(result.instance.metadata.json).toString('utf8'));
    else assert.notEqual(result.error.code, 'processing-failure', file.path);
    if (file.storable) assert.ok(result.ok, file.path);
  }
});

test('PS3.5 §A.4 frames of the corpus are where the frame table says', async (t) => {
  if (corpusMissing !== false) return t.skip(corpusMissing);
  for (const file of corpusFiles().filter(({ storable }) => storable)) {
    const bytes = readCorpusFile(file);
    const result = await describeInstance(new MemoryByteSource([bytes]));
    if (!result.ok || result.instance.layout.pixel.kind === 'none') continue;
    const { instance } = result;
    const { pixel } = instance.layout;
    assert.ok(pixel.kind !== 'none');
    assert.equal(pixel.frameCount, file.frames, file.path);
    if (pixel.kind !== 'encapsulated' || file.path === emptyCodestream) continue;
    for (let index = 0; index < pixel.frameCount; index++) {
      const entry = readFrameEntry(instance.frameTable, index);
      assert.ok(entry, file.path);
      const range = bytes.subarray(entry.offset, entry.offset + entry.length);
      const frame = joinFragments(range, entry.fragmentCount);
      assert.ok(beginsCodestream(frame, instance.transferSyntaxUid), `${file.path} ${index}`);
    }
  }
});

function beginsCodestream(frame: Uint8Array, transferSyntaxUid: string): boolean {
  const start = Buffer.from(frame.subarray(0, 12)).toString('hex');
  const mediaType: string = findTransferSyntax(transferSyntaxUid)?.frameMediaType ?? '';
  switch (mediaType) {
    case 'image/jpeg':
    case 'image/jls':
      return start.startsWith('ffd8ff');
    case 'image/jp2':
    case 'image/jphc':
      return start.startsWith('ff4fff51') || start.startsWith('0000000c6a502020');
    case 'image/jxl':
      return start.startsWith('ff0a') || start.startsWith('0000000c4a584c20');
    case 'image/dicom-rle':
      // The header counts 1 to 15 segments, PS3.5 §G.5.
      return (frame[0] ?? 0) >= 1 && (frame[0] ?? 0) <= 15 && start.startsWith('000000', 2);
    default:
      return frame.length > 0;
  }
}
