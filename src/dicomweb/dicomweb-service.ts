import { GantryError } from '#engine/base/error-catalogue.js';
import { isUid } from '#engine/base/uid.js';
import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { acceptedMedia, type AcceptedMedia } from '#src/http/accept.js';
import { publicBaseUrl, type PublicUrlPolicy } from '#src/http/public-base-url.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { Dialect } from './dialect.js';
import type { ComposePool } from './stow/compose-pool.js';
import type { KeptDocuments } from './wado/kept-documents.js';

/** What the transactions of the Studies Service work with. */
export interface DicomwebService {
  readonly engine: Engine;
  /** Path of the service, e.g. `/dicom-web`. */
  readonly rootPath: string;
  readonly dialect: Dialect;
  readonly publicUrl: PublicUrlPolicy;
  /** Makes instances of the metadata of a Store. */
  readonly composePool: ComposePool;
  /** Metadata of whole series and studies that was asked for again. */
  readonly keptMetadata: KeptDocuments;
  /** Where bulk data of a Store waits for the rest of its request. */
  readonly scratchDirectory: string;
  /** Matches that a search returns when it does not say, and at most. */
  readonly searchLimitDefault: number;
  readonly searchLimitMax: number;
  /** Fuzzy matching finds what sounds alike, too. */
  readonly phoneticNames: boolean;
  /** Whether searches may ask how they were answered. */
  readonly mayExplain: boolean;
}

/** URL of the studies resource, for the RetrieveURLs and BulkDataURIs of a response. */
export function studiesUrl(service: DicomwebService, context: RequestContext): string {
  return `${publicBaseUrl(context.request, service.publicUrl)}${service.rootPath}/studies`;
}

/** The resource that the path of a request names; `bad-request` when one of its UIDs cannot be a UID. */
export function targetOf(context: RequestContext): RetrieveTarget {
  const { study, series, instance } = context.params;
  return {
    partition: 0,
    studyInstanceUid: requireUid(study ?? '', 'study'),
    ...(series === undefined ? {} : { seriesInstanceUid: requireUid(series, 'series') }),
    ...(instance === undefined ? {} : { sopInstanceUid: requireUid(instance, 'instance') }),
  };
}

export function instanceUrl(studies: string, record: InstanceRecord): string {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = record;
  return `${studies}/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
}

export function requireUid(text: string, what: string): string {
  if (!isUid(text)) throw new GantryError('bad-request', `the ${what} in the URL is not a UID`);
  return text;
}

/** What the client accepts, best first. */
export function acceptedOf(context: RequestContext): AcceptedMedia[] {
  return acceptedMedia(context.header('accept'), context.query);
}
