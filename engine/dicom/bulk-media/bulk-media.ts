import { describeJpeg } from './describe-jpeg.js';
import { describeJpeg2000 } from './describe-jpeg2000.js';
import { describeMp4 } from './describe-mp4.js';
import type { MediaDescription } from './media-description.js';
import type { MediaSource } from './media-source.js';

const storage = '1.2.840.10008.5.1.4.1.1.';

/** What a media type of bulk data becomes in an instance. */
export type BulkMedia =
  | {
      /** Pixel data: images are frames, a video is all of them. */
      readonly kind: 'pixels';
      readonly describe: (source: MediaSource) => Promise<MediaDescription>;
      /** SOP class where the sender names none. */
      readonly sopClassUid: string;
    }
  | {
      /** Encapsulated Document (0042,0011), PS3.3 §C.24.2. */
      readonly kind: 'document';
      readonly mimeType: string;
      readonly sopClassUid: string;
    };

const image = (describe: (source: MediaSource) => Promise<MediaDescription>): BulkMedia => ({
  kind: 'pixels',
  describe,
  sopClassUid: `${storage}7`,
});
const document = (mimeType: string, sopClass: string): BulkMedia => ({
  kind: 'document',
  mimeType,
  sopClassUid: storage + sopClass,
});
const video: BulkMedia = {
  kind: 'pixels',
  describe: describeMp4,
  sopClassUid: `${storage}77.1.4.1`,
};

/** Media types of bulk data that are wrapped (PS3.18 §10.5.2, §8.7.3), also by the names that some clients have for them. */
export const bulkMedia: ReadonlyMap<string, BulkMedia> = new Map([
  ['image/jpeg', image(describeJpeg)],
  ['image/jls', image(describeJpeg)],
  ['image/x-jls', image(describeJpeg)],
  ['image/jp2', image(describeJpeg2000)],
  ['image/jpx', image(describeJpeg2000)],
  ['image/j2c', image(describeJpeg2000)],
  ['image/jphc', image(describeJpeg2000)],
  ['image/jph', image(describeJpeg2000)],
  ['video/mp4', video],
  ['video/quicktime', video],
  ['application/pdf', document('application/pdf', '104.1')],
  ['text/xml', document('text/XML', '104.2')],
  ['application/hl7-cda+xml', document('text/XML', '104.2')],
  ['model/stl', document('model/stl', '104.3')],
  ['model/x.stl-binary', document('model/stl', '104.3')],
  ['application/sla', document('model/stl', '104.3')],
  ['model/obj', document('model/obj', '104.4')],
  ['model/mtl', document('model/mtl', '104.5')],
]);
