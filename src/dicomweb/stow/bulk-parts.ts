import { GantryError } from '#engine/base/error-catalogue.js';
import type { MediaSource } from '#engine/dicom/bulk-media/media-source.js';
import type { BulkRange } from '#engine/dicom/data-set/compose-data-set.js';
import {
  mediaTypeParameter,
  parseMediaType,
  type MediaType,
} from '#engine/multipart/media-type.js';
import type { PartHeaders } from '#engine/multipart/multipart-related-reader.js';
import type { PartSink } from './receive-parts.js';
import { readScratch, type ScratchContent, type ScratchFile } from './scratch-file.js';

const octetStream: MediaType = { type: 'application/octet-stream', parameters: [] };
/** A multipart of frames has many parts of one name, but no request has more bulk values than this. */
const partCountMax = 100_000;

/** One bulk data part: its bytes lie in the scratch file of its request. */
export interface BulkPart extends BulkRange {
  readonly mediaType: MediaType;
}

/** The bulk data parts of a request and where their bytes lie. Plain data: it crosses threads. */
export interface ReceivedBulk {
  readonly content: ScratchContent;
  /** By their Content-Location, or their Content-ID (PS3.18 §8.6.1.2.2.2). */
  readonly parts: ReadonlyMap<string, readonly BulkPart[]>;
  /** URL that relative locations and URIs count from: that of the request. */
  readonly baseUrl: string;
}

/** Takes the bulk data parts of a request as they arrive. */
export class BulkReceiver {
  readonly #scratch: ScratchFile;
  readonly #baseUrl: string;
  readonly #parts = new Map<string, BulkPart[]>();
  #count = 0;

  constructor(scratch: ScratchFile, baseUrl: string) {
    this.#scratch = scratch;
    this.#baseUrl = baseUrl;
  }

  open(headers: PartHeaders): PartSink {
    if (++this.#count > partCountMax) {
      throw new GantryError('limit-exceeded', `more than ${partCountMax} bulk data parts`);
    }
    const position = this.#scratch.length;
    const mediaType = parseMediaType(headers.get('content-type') ?? '') ?? octetStream;
    return {
      write: (bytes) => this.#scratch.append(bytes),
      end: () => {
        const length = this.#scratch.length - position;
        for (const name of this.#namesOf(headers)) {
          const known = this.#parts.get(name);
          if (known === undefined) this.#parts.set(name, [{ position, length, mediaType }]);
          else known.push({ position, length, mediaType });
        }
      },
      abandon: () => undefined,
    };
  }

  /** All that came, when the scratch file has settled. */
  finish(): ReceivedBulk {
    return { content: this.#scratch.content(), parts: this.#parts, baseUrl: this.#baseUrl };
  }

  #namesOf(headers: PartHeaders): ReadonlySet<string> {
    const names = new Set<string>();
    const location = headers.get('content-location');
    if (location !== undefined) names.add(location).add(absolute(location, this.#baseUrl));
    const id = /^<?([^<>]+)>?$/.exec(headers.get('content-id') ?? '')?.[1];
    if (id !== undefined) names.add(id).add(`cid:${id}`);
    return names;
  }
}

/** Finds the parts that metadata refers to. */
export class BulkParts {
  readonly #bulk: ReceivedBulk;

  constructor(bulk: ReceivedBulk) {
    this.#bulk = bulk;
  }

  /** The parts that `uri` names, in the order they came: several are the frames of one value. Throws `bulk-data-missing`. */
  partsOf(uri: string): readonly [BulkPart, ...BulkPart[]] {
    const { parts, baseUrl } = this.#bulk;
    const [first, ...others] = parts.get(uri) ?? parts.get(absolute(uri, baseUrl)) ?? [];
    if (first === undefined) throw new GantryError('bulk-data-missing', 'no part has its location');
    return [first, ...others];
  }

  source({ position, length }: BulkRange): MediaSource {
    return {
      length,
      read: async (at, count) => {
        const bytes = Buffer.alloc(count);
        await readScratch(this.#bulk.content, position + at, bytes);
        return bytes;
      },
    };
  }
}

function absolute(uri: string, baseUrl: string): string {
  return URL.canParse(uri, baseUrl) ? new URL(uri, baseUrl).href : uri;
}

/** The transfer syntax that a part says its bytes are in. */
export function transferSyntaxOf({ mediaType }: BulkPart): string | undefined {
  return mediaTypeParameter(mediaType, 'transfer-syntax');
}
