import { GantryError } from '#engine/base/error-catalogue.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { bigEndian, type Encoding, explicitVr } from './container-stack.js';
import { DataSetReader } from './data-set-reader.js';
import type { DataSetVisitor } from './data-set-visitor.js';
import { FileMetaReader } from './file-meta-reader.js';
import { InputWindow } from './input-window.js';
import { looksExplicit, looksImplicit, recogniseStart, startBytes } from './recognise-start.js';

type Phase = 'start' | 'file-meta' | 'deflated' | 'data-set-start' | 'data-set';

/** What stands in front of the data set. */
export type FileHeader = 'part10' | 'file-meta' | 'none';

/** Bytes copied at once: most data sets without their pixel data are no longer. */
const copyBytesMax = 8 * 1024;

/**
 * Reads Part 10 bytes or a bare data set as they arrive, in pieces of any size, and reports to a visitor. It does no I/O: its
 * feeder pushes bytes, and may leap over `skippableBytes` with `skip` instead of pushing them. What is kept of pushed bytes is
 * copied first, so they may lie in shared memory.
 *
 * A deflated data set (PS3.5 §A.5) starts at `deflatedFrom`: as soon as that is defined, the feeder goes back to that position
 * and pushes what comes out of its inflater. Positions count from there in the inflated data set.
 *
 * Throws `not-dicom`, `malformed`, `limit-exceeded` from `push` and `end`, `truncated` from `end`.
 */
export class Part10Reader {
  readonly #window = new InputWindow();
  readonly #visitor: DataSetVisitor;
  readonly #dataSet: DataSetReader;
  readonly #isBare: boolean;
  #fileMeta: FileMetaReader | undefined;
  #phase: Phase;
  #fileHeader: FileHeader = 'none';
  #transferSyntaxUid: string | undefined;
  #dataSetOffset = 0;
  #deflatedFrom: number | undefined;

  /** `transferSyntaxUid` is that of a bare data set; without it the bytes are Part 10. */
  constructor(visitor: DataSetVisitor, transferSyntaxUid?: string) {
    this.#visitor = visitor;
    this.#dataSet = new DataSetReader(this.#window, visitor);
    this.#isBare = transferSyntaxUid !== undefined;
    this.#transferSyntaxUid = transferSyntaxUid;
    this.#phase = 'start';
    if (this.#isBare) this.#beginDataSet();
  }

  /** Bytes that come next and need not be pushed. */
  get skippableBytes(): number {
    return this.#window.skippableBytes;
  }

  /** Position where the deflated data set starts; undefined while unknown and when the data set is not deflated. */
  get deflatedFrom(): number | undefined {
    return this.#deflatedFrom;
  }

  /** Position of the first byte of the data set in the bytes received. */
  get dataSetOffset(): number {
    return this.#dataSetOffset;
  }

  get fileHeader(): FileHeader {
    return this.#fileHeader;
  }

  /** Of the file, or as guessed where it names none. */
  get transferSyntaxUid(): string {
    return this.#transferSyntaxUid ?? explicitVrLittleEndianUid;
  }

  push(chunk: Uint8Array): void {
    const window = this.#window;
    for (let at = 0; at < chunk.length;) {
      const rest = chunk.length - at;
      if (window.skippableBytes > 0) {
        const count = Math.min(window.skippableBytes, rest);
        window.advance(count);
        at += count;
      } else {
        const missing = this.#dataSet.neededBytes - window.length;
        const count = Math.min(rest, Math.max(missing, copyBytesMax));
        window.append(chunk, at, at + count);
        at += count;
        this.#read(false);
        if (this.#phase === 'deflated') return this.#awaitInflated();
      }
    }
  }

  /** Leaps over `count` bytes, at most `skippableBytes`. */
  skip(count: number): void {
    this.#window.advance(count);
  }

  /** No more bytes follow. */
  end(): void {
    this.#read(true);
    if (this.#window.skippableBytes > 0) throw new GantryError('truncated', 'inside a value');
    if (this.#phase === 'data-set') this.#dataSet.end();
  }

  #read(isLast: boolean): void {
    if (this.#phase === 'start') this.#readStart(isLast);
    if (this.#phase === 'file-meta') this.#readFileMeta(isLast);
    if (this.#phase === 'data-set-start') this.#readDataSetStart(isLast);
    if (this.#phase === 'data-set') this.#dataSet.read();
  }

  #readStart(isLast: boolean): void {
    const window = this.#window;
    if (window.length < startBytes && !isLast) return;
    const start = recogniseStart(window.bytes.subarray(window.start, window.end));
    if (start.kind === 'unknown') {
      throw new GantryError('not-dicom', `no data element in the first ${window.length} bytes`);
    }
    window.consume(start.dataStart);
    if (start.kind === 'data-set') {
      this.#visitor.onWarning(0, 'the File Meta Information is missing');
      this.#phase = 'data-set-start';
      return;
    }
    this.#fileHeader = start.kind;
    if (start.kind === 'file-meta') this.#visitor.onWarning(0, 'the preamble is missing');
    this.#fileMeta = new FileMetaReader(window);
    this.#phase = 'file-meta';
  }

  #readFileMeta(isLast: boolean): void {
    const fileMeta = this.#fileMeta;
    if (fileMeta === undefined || !fileMeta.read(isLast)) return;
    if (fileMeta.groupLengthFault !== '') {
      this.#visitor.onWarning(0x00020000, fileMeta.groupLengthFault);
    }
    this.#transferSyntaxUid = fileMeta.transferSyntaxUid;
    if (this.#transferSyntaxUid === undefined) {
      this.#visitor.onWarning(0x00020010, 'the transfer syntax is missing or invalid');
    }
    this.#dataSetOffset = this.#window.position;
    this.#beginDataSet();
  }

  #beginDataSet(): void {
    const isDeflated = findTransferSyntax(this.#transferSyntaxUid ?? '')?.isDeflated === true;
    this.#phase = isDeflated ? 'deflated' : 'data-set-start';
    if (this.#isBare && isDeflated) this.#awaitInflated();
  }

  #awaitInflated(): void {
    this.#deflatedFrom = this.#dataSetOffset;
    this.#window.restart();
    this.#phase = 'data-set-start';
  }

  #readDataSetStart(isLast: boolean): void {
    const { bytes, start, length } = this.#window;
    if (length < 8 && !isLast) return;
    this.#dataSet.begin(this.#chooseEncoding(bytes, start, length));
    this.#phase = 'data-set';
  }

  /** Senders sometimes encode otherwise than the transfer syntax says; the first element shows it (PS3.5 §7.1). */
  #chooseEncoding(bytes: Uint8Array, start: number, length: number): Encoding {
    const declared = this.#transferSyntaxUid;
    const syntax = findTransferSyntax(declared ?? '');
    const declaredExplicit = syntax?.isExplicitVr !== false;
    const isExplicit =
      length < 8
        ? declaredExplicit
        : looksExplicit(bytes, start) || (declaredExplicit && !looksImplicit(bytes, start));
    const nativeUid = isExplicit ? explicitVrLittleEndianUid : implicitVrLittleEndianUid;
    if (declared === undefined) this.#transferSyntaxUid = nativeUid;
    else if (syntax !== undefined && isExplicit !== declaredExplicit) {
      this.#visitor.onWarning(0x00020010, 'the data set is not encoded in its transfer syntax');
      if (!syntax.isEncapsulated) this.#transferSyntaxUid = nativeUid;
    }
    if (!isExplicit) return 0;
    return syntax?.isBigEndian === true ? explicitVr | bigEndian : explicitVr;
  }
}
