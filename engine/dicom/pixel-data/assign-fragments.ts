import type { FragmentList } from './fragment-list.js';
import { FrameTableWriter, itemHeaderBytes } from './frame-table.js';

/** What is known about the frames of encapsulated pixel data. */
export interface FrameHints {
  /** Number of Frames (0028,0008), 1 where it is missing. */
  readonly frameCount: number;
  /** Each frame is one fragment by definition (PS3.5 §A.4.2 RLE, §A.4.11, §A.4.12). */
  readonly isFragmentPerFrame: boolean;
  /** All fragments are one stream: video. */
  readonly isOneStream: boolean;
  /** Offsets of frames from the first byte after the basic offset table; empty when there is no such table. */
  readonly basicOffsets: readonly number[];
  readonly extendedOffsets: readonly number[];
  /** Lengths of frames without padding, with the extended offsets. */
  readonly extendedLengths: readonly number[];
}

export interface FrameAssignment {
  readonly table: Uint8Array;
  readonly frameCount: number;
  /** What was wrong with the data, in words. */
  readonly warnings: readonly string[];
}

/**
 * Finds the fragments of each frame (PS3.5 §A.4): by an offset table that tells the truth, else one fragment a frame, else by the
 * fragments that begin with a codestream marker. A video has one entry for the whole stream, whatever its number of frames.
 */
export function assignFragments(fragments: FragmentList, hints: FrameHints): FrameAssignment {
  const warnings: string[] = [];
  if (fragments.count === 0) return { table: new Uint8Array(0), frameCount: 0, warnings };
  const starts = findFrameStarts(fragments, hints, warnings);
  const frameCount = starts.length;
  if (frameCount !== hints.frameCount && !hints.isOneStream) {
    warnings.push(`Number of Frames is ${hints.frameCount}, the pixel data holds ${frameCount}`);
  }
  const lengths = hints.extendedLengths.length === frameCount ? hints.extendedLengths : [];
  const writer = new FrameTableWriter(frameCount);
  starts.forEach((first, frame) => {
    const next = starts[frame + 1] ?? fragments.count;
    addEntry(writer, fragments, { first, next, trueLength: lengths[frame] });
  });
  return { table: writer.table, frameCount, warnings };
}

interface FrameFragments {
  readonly first: number;
  readonly next: number;
  readonly trueLength: number | undefined;
}

function addEntry(writer: FrameTableWriter, fragments: FragmentList, frame: FrameFragments): void {
  const { first, next, trueLength } = frame;
  const offset = fragments.offset(first);
  if (next - first === 1) {
    const length = fragments.length(first);
    // A fragment has even length; the extended table knows whether its last byte is padding.
    const isPadded = trueLength !== undefined && trueLength === length - 1;
    writer.add(offset, isPadded ? trueLength : length, 1);
    return;
  }
  const end = fragments.offset(next - 1) + fragments.length(next - 1);
  writer.add(offset - itemHeaderBytes, end - offset + itemHeaderBytes, next - first);
}

/** Index of the first fragment of each frame. */
function findFrameStarts(
  fragments: FragmentList,
  hints: FrameHints,
  warnings: string[],
): readonly number[] {
  if (hints.isOneStream) return [0];
  for (const [name, offsets] of [
    ['extended', hints.extendedOffsets],
    ['basic', hints.basicOffsets],
  ] as const) {
    if (offsets.length === 0) continue;
    const starts = offsets.length === hints.frameCount ? byOffsets(fragments, offsets) : undefined;
    if (starts !== undefined) return starts;
    warnings.push(`the ${name} offset table is wrong`);
  }
  // Also of a syntax that forbids it, such as RLE: some writers split a single frame all the same.
  if (hints.frameCount === 1) return [0];
  if (hints.isFragmentPerFrame || fragments.count === hints.frameCount) {
    return Array.from({ length: fragments.count }, (_, index) => index);
  }
  const starts = byCodestreams(fragments);
  if (starts.length > 1) return starts;
  // Nothing separates the fragments: taking each for a frame keeps them all reachable.
  return Array.from({ length: fragments.count }, (_, index) => index);
}

function byOffsets(fragments: FragmentList, offsets: readonly number[]): number[] | undefined {
  const base = fragments.offset(0);
  const starts: number[] = [];
  let fragment = 0;
  for (const offset of offsets) {
    while (fragment < fragments.count && fragments.offset(fragment) - base < offset) fragment++;
    if (fragment === fragments.count || fragments.offset(fragment) - base !== offset) {
      return undefined;
    }
    starts.push(fragment);
    fragment++;
  }
  return starts[0] === 0 ? starts : undefined;
}

function byCodestreams(fragments: FragmentList): number[] {
  const starts = [0];
  for (let index = 1; index < fragments.count; index++) {
    if (fragments.startsCodestream(index)) starts.push(index);
  }
  return starts;
}
