import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { tagHex } from '#engine/dicom/dictionary/dictionary.js';
import type { MetadataDocument } from '#engine/dicom/instance/parsed-instance.js';

/**
 * Writes the text of one DICOM JSON object (PS3.18 §F.2) as a data set is read: elements, sequences and items in order. It
 * refuses an element that its data set already has, which would make the object ambiguous.
 */
export class JsonModelWriter {
  #text = '{';
  /** Positions in `#text` where the URL of the instance belongs. */
  readonly #uriPositions: number[] = [];
  readonly #levels: Level[] = [new Level()];
  #depth = 0;

  get uriCount(): number {
    return this.#uriPositions.length;
  }

  /** Position in the text, for `textFrom`. */
  get position(): number {
    return this.#text.length;
  }

  /** Whether the element may be written: false when the data set has one of that tag. Called once before it is. */
  admit(tag: number): boolean {
    return this.#level.admit(tag);
  }

  /** `members` is what follows the VR in the element's object, beginning with a comma; empty when there is no value. */
  writeElement(tag: number, vr: string, members: string): string {
    if (this.#text.length > limits.headerBytesMax) {
      throw new GantryError('limit-exceeded', 'the metadata is too long');
    }
    const element = memberStart(tag, vr) + members + '}';
    this.#text += this.#comma + element;
    return element;
  }

  /** Writes an element whose value is at `{URL of the instance}/bulkdata/{path}`. */
  writeBulkDataUri(tag: number, vr: string, path: string): void {
    this.#text += this.#comma + memberStart(tag, vr) + ',"BulkDataURI":"';
    this.#uriPositions.push(this.#text.length);
    this.#text += `/bulkdata/${path}"}`;
  }

  beginSequence(tag: number): void {
    this.#text += this.#comma + memberStart(tag, 'SQ');
    const level = (this.#levels[++this.#depth] ??= new Level());
    level.itemCount = 0;
  }

  beginItem(): void {
    const level = this.#level;
    this.#text += level.itemCount === 0 ? ',"Value":[{' : ',{';
    level.itemCount++;
    level.beginDataSet();
  }

  endItem(): void {
    this.#text += '}';
  }

  endSequence(): void {
    this.#text += this.#level.itemCount === 0 ? '}' : ']}';
    this.#depth--;
  }

  /** Number of items begun in the open sequence of that depth, outermost 1. */
  itemCount(depth: number): number {
    return this.#levels[depth]?.itemCount ?? 0;
  }

  /** The text from a position on, without a separating comma at its start. */
  textFrom(position: number): string {
    const text = this.#text.slice(position);
    return text.startsWith(',') ? text.slice(1) : text;
  }

  /** The text as it is when the last element has been written. */
  finish(): MetadataDocument {
    const text = this.#text + '}';
    const json = utf8Encoder.encode(text);
    if (json.length === text.length) return { json, uriOffsets: this.#uriPositions };
    let characters = 0;
    let bytes = 0;
    const uriOffsets = this.#uriPositions.map((position) => {
      bytes += Buffer.byteLength(text.slice(characters, position), 'utf8');
      characters = position;
      return bytes;
    });
    return { json, uriOffsets };
  }

  get #level(): Level {
    const level = this.#levels[this.#depth];
    if (level === undefined) throw new Error('no open data set');
    return level;
  }

  get #comma(): string {
    const level = this.#level;
    if (level.isEmpty) {
      level.isEmpty = false;
      return '';
    }
    return ',';
  }
}

interface MemberStart {
  readonly vr: string;
  readonly text: string;
}

/** Made once for each attribute in use: making them took a tenth of the time of describing an instance. */
const memberStarts = new Map<number, MemberStart>();
const memberStartsMax = 8192;

/** `"00100010":{"vr":"PN"` */
function memberStart(tag: number, vr: string): string {
  const known = memberStarts.get(tag);
  if (known?.vr === vr) return known.text;
  const text = `"${tagHex(tag)}":{"vr":"${vr}"`;
  if (memberStarts.size < memberStartsMax) memberStarts.set(tag, { vr, text });
  return text;
}

// Unlike a small Buffer, its result owns its memory: nothing else crosses threads with it.
const utf8Encoder = new TextEncoder();

/** An open data set: the root or the current item of a sequence. */
class Level {
  itemCount = 0;
  isEmpty = true;
  #lastTag = -1;
  readonly #tags: number[] = [];
  /** Made when the tags turn out not to ascend, as PS3.5 §7.1 wants them to. */
  #seen: Set<number> | undefined;

  beginDataSet(): void {
    this.isEmpty = true;
    this.#lastTag = -1;
    this.#tags.length = 0;
    this.#seen = undefined;
  }

  admit(tag: number): boolean {
    if (this.#seen === undefined) {
      if (tag > this.#lastTag) {
        this.#lastTag = tag;
        this.#tags.push(tag);
        return true;
      }
      this.#seen = new Set(this.#tags);
    }
    if (this.#seen.has(tag)) return false;
    this.#seen.add(tag);
    return true;
  }
}
