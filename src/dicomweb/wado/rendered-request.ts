import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { AcceptedMedia } from '#src/http/accept.js';
import { strongEtag } from '#src/http/etag.js';
import type { PictureParameters } from './rendered-parameters.js';

/** One request for something rendered, whichever transaction it came by. */
export interface RenderedRequest {
  readonly partition: number;
  readonly record: InstanceRecord;
  /** 1-based; without them the representative frame, or all where they fit into one file. */
  readonly frameNumbers?: readonly number[];
  /** Best first. */
  readonly accepted: readonly AcceptedMedia[];
  readonly parameters: PictureParameters;
  /** Value of Cache-Control. */
  readonly caching: string;
}

/** Part of every entity tag: what another version makes may differ. */
const rendererVersion = 1;

/** Strong entity tag of what is rendered of these instances in the way that `form` names. */
export function renderedEtag(records: readonly InstanceRecord[], form: string): string {
  const contents = records.map(({ sopInstanceUid, sequence, createdAtMs }) =>
    [sopInstanceUid, sequence, createdAtMs].join('/'),
  );
  return strongEtag(['rendered', rendererVersion, ...contents, form].join('|'));
}
