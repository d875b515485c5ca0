/**
 * Every way an operation can fail for a reason that is not our own bug: one row a code, with what each protocol says of it.
 * A programmer's error is an assertion instead and crashes the task.
 *
 * `http` PS3.18 §8.5; `dimse` PS3.7 Annex C and PS3.4 Annex B; `failureReason` (0008,1197) of a Store response, PS3.18 §10.5.3.
 */
export const errorCatalogue = {
  'not-dicom': {
    http: 400,
    dimse: 0xc000,
    failureReason: 0xc000,
    retryable: false,
    text: 'the bytes are not a DICOM data set',
  },
  truncated: {
    http: 400,
    dimse: 0xc000,
    failureReason: 0xc000,
    retryable: false,
    text: 'the data set ends before its declared end',
  },
  malformed: {
    http: 400,
    dimse: 0xc000,
    failureReason: 0xc000,
    retryable: false,
    text: 'the data set is malformed',
  },
  'limit-exceeded': {
    http: 400,
    dimse: 0xc000,
    failureReason: 0xc000,
    retryable: false,
    text: 'the data set exceeds a configured limit',
  },
  'identifier-missing': {
    http: 409,
    dimse: 0xa900,
    failureReason: 0xa900,
    retryable: false,
    text: 'a required identifier is missing or invalid',
  },
  'study-mismatch': {
    http: 409,
    dimse: 0xa900,
    failureReason: 0xa900,
    retryable: false,
    text: 'the StudyInstanceUID differs from the one of the request',
  },
  'sop-mismatch': {
    http: 409,
    dimse: 0xa900,
    failureReason: 0xa900,
    retryable: false,
    text: 'the SOP Class or Instance UID differs from the one announced',
  },
  'sop-class-unsupported': {
    http: 409,
    dimse: 0x0122,
    failureReason: 0x0122,
    retryable: false,
    text: 'the SOP class is not accepted',
  },
  duplicate: {
    http: 409,
    dimse: 0x0111,
    failureReason: 0xb00e,
    retryable: false,
    text: 'an instance with the same UIDs is already stored',
  },
  'bulk-data-missing': {
    http: 400,
    dimse: 0xa900,
    failureReason: 0xa922,
    retryable: false,
    text: 'bulk data that the metadata refers to is missing',
  },
  'out-of-resources': {
    http: 503,
    dimse: 0xa700,
    failureReason: 0xa700,
    retryable: true,
    text: 'the store has no capacity at the moment',
  },
  'storage-full': {
    http: 507,
    dimse: 0xa700,
    failureReason: 0xa700,
    retryable: true,
    text: 'the storage is full',
  },
  'store-unavailable': {
    http: 503,
    dimse: 0xa700,
    failureReason: 0x0110,
    retryable: true,
    text: 'the store cannot write at the moment',
  },
  'processing-failure': {
    http: 500,
    dimse: 0x0110,
    failureReason: 0x0110,
    retryable: false,
    text: 'the operation failed unexpectedly',
  },
  aborted: {
    http: 400,
    dimse: 0x0110,
    failureReason: 0x0110,
    retryable: true,
    text: 'the request was aborted by its sender',
  },
  corrupt: {
    http: 500,
    dimse: 0x0110,
    failureReason: 0x0110,
    retryable: false,
    text: 'the stored bytes are damaged',
  },
  'not-found': {
    http: 404,
    dimse: 0x0112,
    failureReason: 0x0112,
    retryable: false,
    text: 'no such resource',
  },
  gone: {
    http: 410,
    dimse: 0x0112,
    failureReason: 0x0112,
    retryable: false,
    text: 'the resource was deleted',
  },
  'bad-request': {
    http: 400,
    dimse: 0xa900,
    failureReason: 0x0110,
    retryable: false,
    text: 'the request is malformed',
  },
  'not-acceptable': {
    http: 406,
    dimse: 0x0110,
    failureReason: 0x0110,
    retryable: false,
    text: 'no acceptable representation exists',
  },
  unauthenticated: {
    http: 401,
    dimse: 0x0124,
    failureReason: 0x0110,
    retryable: false,
    text: 'the request carries no valid credentials',
  },
  forbidden: {
    http: 403,
    dimse: 0x0124,
    failureReason: 0x0110,
    retryable: false,
    text: 'the credentials do not permit this',
  },
  'foreign-page': {
    http: 403,
    dimse: 0x0124,
    failureReason: 0x0110,
    retryable: false,
    text: 'a web page of an origin that http.corsOrigins does not list may not do this',
  },
  'method-not-allowed': {
    http: 405,
    dimse: 0x0124,
    failureReason: 0x0110,
    retryable: false,
    text: 'the resource does not have this method',
  },
  'uri-too-long': {
    http: 414,
    dimse: 0x0124,
    failureReason: 0x0110,
    retryable: false,
    text: 'the URL is too long',
  },
  'unsupported-media-type': {
    http: 415,
    dimse: 0x0110,
    failureReason: 0x0110,
    retryable: false,
    text: 'the media type is not supported',
  },
  'payload-too-large': {
    http: 413,
    dimse: 0xa700,
    failureReason: 0xa700,
    retryable: false,
    text: 'the payload exceeds the configured size',
  },
  'range-not-satisfiable': {
    http: 416,
    dimse: 0x0110,
    failureReason: 0x0110,
    retryable: false,
    text: 'the requested range lies outside the resource',
  },
  'too-many-requests': {
    http: 503,
    dimse: 0xa700,
    failureReason: 0xa700,
    retryable: true,
    text: 'too many requests are in progress',
  },
  timeout: {
    http: 503,
    dimse: 0xa700,
    failureReason: 0x0110,
    retryable: true,
    text: 'the operation took too long',
  },
  'peer-unavailable': {
    http: 502,
    dimse: 0x0110,
    failureReason: 0x0110,
    retryable: true,
    text: 'the remote application entity does not answer as it should',
  },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * An operating error of the catalogue. `detail` names the cause for the sender and must hold no patient data: tags, positions
 * and lengths, never values.
 */
export class GantryError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, detail = '', options?: ErrorOptions) {
    super(
      detail === '' ? errorCatalogue[code].text : `${errorCatalogue[code].text}: ${detail}`,
      options,
    );
    this.name = 'GantryError';
    this.code = code;
    this.detail = detail;
  }
}

/** The catalogue's error for anything thrown: itself, or `processing-failure` with the cause kept for the log. */
export function toGantryError(error: unknown): GantryError {
  return error instanceof GantryError
    ? error
    : new GantryError('processing-failure', '', { cause: error });
}
