import fc from 'fast-check';

import type { Elements, ElementValue, Part10Description } from '#test/helpers/dicom-builder.js';
import { grayImage, sampleIdentifiers } from '#test/helpers/dicom-builder.js';

/** Random DICOM files for property tests: all encodings, nested and private sequences, long values, all kinds of pixel data. */
const nativeSyntaxUids = [
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.1.99',
];

const text = fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((s) => s.replace(/\\/g, ''));
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ maxLength }).map((value) => (value.length % 2 === 0 ? value : value.subarray(1)));

const plainElements: fc.Arbitrary<Elements> = fc.record(
  {
    SpecificCharacterSet: fc.constantFrom('ISO_IR 192', 'ISO_IR 100'),
    ImageType: fc.array(text, { maxLength: 3 }),
    StudyDate: fc.constant('20240131'),
    PatientName: text,
    PatientWeight: fc.constantFrom('70.5', '+7', ''),
    InstanceNumber: fc.constantFrom('1', '007'),
    LongitudinalTemporalOffsetFromEvent: fc.double({ noNaN: true, noDefaultInfinity: true }),
    FrameIncrementPointer: fc.constantFrom(0x00181063, 0x00540010),
    '00091001': bytes(40).map((value) => ({ vr: 'UN', value })),
    '00090010': fc.constant({ vr: 'LO', value: 'ACME' }),
    // Longer than what metadata holds itself.
    '00091002': bytes(5000).map((value) => ({ vr: 'OB', value })),
    TextValue: fc.constantFrom('short', 'x'.repeat(70_000)),
  },
  { requiredKeys: [] },
);

/** Data sets with sequences in them, `depth` levels deep. */
function nestedElements(depth: number): fc.Arbitrary<Elements> {
  if (depth === 0) return plainElements;
  const items = fc.array(nestedElements(depth - 1), { minLength: 1, maxLength: 2 });
  const sequences = fc.record(
    {
      RequestAttributesSequence: items,
      ReferencedStudySequence: items,
      '00091010': items.map((value) => ({ vr: 'SQ', value })),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(plainElements, sequences).map(([plain, more]) => ({ ...plain, ...more }));
}

const nested = nestedElements(2);

const nativeFile: fc.Arbitrary<Part10Description> = fc.record({
  elements: nested.map((elements) => withImage(elements, 2)),
  transferSyntaxUid: fc.constantFrom(...nativeSyntaxUids),
  sequences: fc.constantFrom('delimited' as const, 'lengths' as const),
  pixelData: fc.option(bytes(2000), { nil: new Uint8Array(0) }),
});

const encapsulatedFile: fc.Arbitrary<Part10Description> = fc
  .array(fc.array(bytes(600), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 })
  .chain((frames) =>
    fc.record({
      elements: nested.map((elements) => withImage(elements, frames.length)),
      transferSyntaxUid: fc.constantFrom('1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.5'),
      sequences: fc.constantFrom('delimited' as const, 'lengths' as const),
      pixelData: fc.record({
        frames: fc.constant(frames),
        offsetTable: fc.constantFrom('basic' as const, 'extended' as const, 'none' as const),
      }),
    }),
  );

export const part10Descriptions: fc.Arbitrary<Part10Description> = fc.oneof(
  nativeFile,
  encapsulatedFile,
);

function withImage(elements: Elements, frameCount: number): Elements {
  const image: Record<string, ElementValue> = {
    ...elements,
    ...sampleIdentifiers({ study: '1.2.1', series: '1.2.2', instance: '1.2.3' }),
    ...grayImage(4, 4, 16),
    NumberOfFrames: frameCount,
  };
  return image;
}
