import { GantryError } from '#engine/base/error-catalogue.js';
import type { StoreSessionOptions } from '#engine/engine-types.js';
import {
  mediaTypeParameter,
  parseMediaType,
  type MediaType,
} from '#engine/multipart/media-type.js';
import { coversType } from '#src/http/accept.js';
import { queryParameter } from '#src/http/query-string.js';
import type { RequestContext } from '#src/http/request-context.js';
import { warningHeader } from '#src/http/warning-header.js';
import { acceptedOf, requireUid, studiesUrl, type DicomwebService } from '../dicomweb-service.js';
import { dataSetBody, findDataSetForm, type DataSetForm } from '../data-sets-response.js';
import { dicomMediaType, InstanceUpload, type Upload } from './instance-upload.js';
import { metadataMediaTypes } from './compose-document.js';
import { MetadataUpload } from './metadata-upload.js';
import { formMediaType, receiveForm } from './receive-form.js';
import { receiveParts, type OpenPart } from './receive-parts.js';
import { storeResponse, type PartOutcome } from './store-response.js';

/** What came of a body. */
interface Received {
  readonly outcomes: readonly PartOutcome[];
  readonly bodyError: GantryError | undefined;
  readonly partCount: number;
}

/**
 * Store transaction, PS3.18 §10.5: `POST /studies` and `POST /studies/{study}`; `PUT` replaces what is stored with other content.
 * `?dryrun=true` answers as if the instances were stored, with all that can be said against their values, and stores none.
 */
export async function storeTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { dialect } = service;
  const study = context.params['study'];
  if (study !== undefined) requireUid(study, 'study');
  requireStoreAccept(service, context);
  if (service.engine.isCongested()) await service.engine.whenFree('request');
  if (context.isAborted) return;
  const { outcomes, bodyError, partCount } = await receive(service, context);
  if (context.isAborted) return;
  if (bodyError !== undefined && outcomes.every(({ result }) => result === 'failed')) {
    if (partCount > 0 || dialect.storeWithoutParts !== 204) throw bodyError;
    context.respond(204);
    return;
  }
  const all: PartOutcome[] = [...outcomes];
  if (bodyError !== undefined) all.push({ result: 'failed', error: bodyError });
  const { status, dataSet, warning } = storeResponse(all, {
    studiesUrl: studiesUrl(service, context),
    dialect,
    isOneStudy: study !== undefined,
    isUpsert: context.request.method === 'PUT',
  });
  // The type is compared literally by clients, so it carries no charset.
  const { contentType, body } = dataSetBody(responseForm(service, context), dataSet);
  const warnings = warning === undefined ? [] : [warningHeader(warning)];
  context.respond(status, [['content-type', contentType], ...warnings], body);
}

async function receive(service: DicomwebService, context: RequestContext): Promise<Received> {
  const mediaType = parseMediaType(context.header('content-type') ?? '');
  const upload = openUpload(service, context, mediaType);
  let partCount = 0;
  try {
    const openPart: OpenPart = (headers, number) => {
      partCount = number;
      return upload.openPart(headers, number);
    };
    const bodyError =
      mediaType?.type === formMediaType
        ? await receiveForm(context, openPart)
        : await receiveParts(context, mediaType!, openPart);
    return { outcomes: await upload.finish(bodyError), bodyError, partCount };
  } finally {
    await upload.close();
  }
}

/** Throws `unsupported-media-type`, or what the engine says when it takes no more sessions. */
function openUpload(
  service: DicomwebService,
  context: RequestContext,
  mediaType: MediaType | undefined,
): Upload {
  const { engine, dialect, composePool, scratchDirectory } = service;
  const isForm = mediaType?.type === formMediaType && dialect.storeTakesForms;
  const partType = isForm ? dicomMediaType : partTypeOf(mediaType);
  const isMetadata = metadataMediaTypes.some((each) => each === partType);
  if (partType !== dicomMediaType && !isMetadata) {
    const known = [dicomMediaType, ...metadataMediaTypes].join(', ');
    throw new GantryError(
      'unsupported-media-type',
      `the content type is none of ${known}, nor multipart/related of one of them`,
    );
  }
  const study = context.params['study'];
  const isDryRun = queryParameter(context.query, 'dryrun') === 'true';
  const onDrain = (): void => context.resumeBody();
  const options: Omit<StoreSessionOptions, 'onDrain'> = {
    partition: 0,
    correlationId: context.correlationId,
    isDryRun,
    rules: {
      omits: isDryRun ? 'nonconformant' : dialect.storeOmits,
      requiresPatientId: dialect.storeRequiresPatientId,
      keepsImplicitPrivate: dialect.storeKeepsImplicitPrivate,
    },
    ...(study === undefined ? {} : { studyInstanceUid: study }),
    ...(context.request.method === 'PUT' ? { overwrite: 'if-changed' as const } : {}),
  };
  if (!isMetadata) {
    return new InstanceUpload(engine.openStoreSession({ ...options, onDrain }), onDrain);
  }
  return new MetadataUpload({
    openSession: (onSessionDrain) =>
      engine.openStoreSession({ ...options, onDrain: onSessionDrain }),
    composePool,
    scratchDirectory,
    onDrain,
    url: `${studiesUrl(service, context)}/`,
  });
}

/** Media type of the parts; of a body that is one part its own. A multipart without `type` is one of DICOM. */
function partTypeOf(mediaType: MediaType | undefined): string | undefined {
  if (mediaType?.type !== 'multipart/related') return mediaType?.type;
  return (mediaTypeParameter(mediaType, 'type') ?? dicomMediaType).toLowerCase();
}

/** XML for those who ask for it; JSON also for those who ask for something else, as many do with every request they make. */
function responseForm({ dialect }: DicomwebService, context: RequestContext): DataSetForm {
  const single = acceptedOf(context).filter(({ isMultipart }) => isMultipart !== true);
  return findDataSetForm(single, dialect) ?? 'json';
}

function requireStoreAccept(
  { dialect: { storeAccept } }: DicomwebService,
  context: RequestContext,
): void {
  if (storeAccept === '*/*') return;
  if (acceptedOf(context).some((media) => coversType(media, storeAccept))) return;
  throw new GantryError('not-acceptable', `the response is ${storeAccept}`);
}
