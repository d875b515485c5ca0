import { GantryError } from '#engine/base/error-catalogue.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { coversType, type AcceptedMedia } from '#src/http/accept.js';
import { strongEtag } from '#src/http/etag.js';
import { queryParameter } from '#src/http/query-string.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { DicomwebService } from '../dicomweb-service.js';
import { answerNotModified, requireInstance, varyByAccept } from '../resource-etag.js';
import { respondSingle } from '../wado/parts-response.js';
import { respondRendered } from '../wado/rendered-response.js';
import {
  acceptedContentTypes,
  parseFrameNumber,
  parsePresentationState,
  parseWadoUriObject,
  parseWadoUriPicture,
  type WadoUriObject,
} from './wado-uri-parameters.js';

const partition = 0;
const dicomType = 'application/dicom';
const caching = 'private, max-age=86400';

/**
 * Retrieve by WADO-URI (PS3.18 §9): one object as it is stored, or rendered. Without `contentType` what can be rendered is, and
 * everything else is sent as application/dicom.
 */
export async function wadoUriTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { query } = context;
  const object = parseWadoUriObject(query);
  if ((queryParameter(query, 'anonymize') ?? 'no') !== 'no') {
    throw new GantryError('not-acceptable', 'objects are not anonymized');
  }
  const record = requireInstance(service.engine, { partition, ...object });
  const accepted = acceptedContentTypes(context.header('accept'), query);
  const isPlain = service.engine.rendering.kindOf(partition, record).kind === 'none';
  if (wantsDicom(accepted, isPlain)) return respondDicom(service, context, record);
  const frameNumber = parseFrameNumber(query);
  const size = {
    rows: Number(record.attributes['00280010']?.Value?.[0] ?? 1),
    columns: Number(record.attributes['00280011']?.Value?.[0] ?? 1),
  };
  const qualityDefault = service.dialect.renderedQuality;
  await respondRendered(service, context, {
    partition,
    record: presentedBy(service, context, object) ?? record,
    ...(frameNumber === undefined ? {} : { frameNumbers: [frameNumber] }),
    accepted,
    parameters: parseWadoUriPicture(query, { size, qualityDefault }),
    caching,
  });
}

/** A range means a picture where there can be one. */
function wantsDicom(accepted: readonly AcceptedMedia[], isPlain: boolean): boolean {
  if (isPlain) return accepted.some((media) => coversType(media, dicomType));
  return accepted.find(({ type }) => !type.endsWith('/*'))?.type === dicomType;
}

/** The presentation state that the picture is to be made with. Throws `not-found` unless it is one of the image. */
function presentedBy(
  { engine }: DicomwebService,
  context: RequestContext,
  { studyInstanceUid, sopInstanceUid }: WadoUriObject,
): InstanceRecord | undefined {
  const named = parsePresentationState(context.query);
  if (named === undefined) return undefined;
  const state = requireInstance(engine, { partition, studyInstanceUid, ...named });
  const isState = engine.rendering.kindOf(partition, state).kind === 'presentation-state';
  const shown = isState ? engine.rendering.pictureSubject(partition, state).image : undefined;
  if (shown?.sopInstanceUid === sopInstanceUid) return state;
  throw new GantryError('not-found', 'the presentation state is not one of the image');
}

async function respondDicom(
  { engine }: DicomwebService,
  context: RequestContext,
  record: InstanceRecord,
): Promise<void> {
  const stored = record.transferSyntaxUid;
  const wanted = queryParameter(context.query, 'transferSyntax') ?? '*';
  const syntax = wanted === '*' ? stored : wanted;
  const refusal =
    syntax === stored ? undefined : engine.instanceTranscodingRefusal(partition, record, syntax);
  if (refusal !== undefined) {
    throw new GantryError('not-acceptable', `stored in transfer syntax ${stored}: ${refusal}`);
  }
  const etag = strongEtag(
    ['wado-uri', record.sopInstanceUid, record.sequence, record.createdAtMs, syntax].join('|'),
  );
  const headers = [['cache-control', caching]] as const;
  if (answerNotModified(context, etag, [varyByAccept, ...headers])) return;
  const body =
    syntax === stored
      ? engine.retrieveInstance(partition, record)
      : await engine.transcodeInstance(partition, record, syntax);
  await respondSingle(context, { status: 200, contentType: dicomType, etag, headers }, body);
}
