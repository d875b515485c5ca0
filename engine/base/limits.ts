/**
 * Every limit on what a peer may make us do, in one place (docs/LIMITS.md). Sizes a site may want to change are configuration
 * options; these are the bounds that protect the process itself.
 */
export const limits = {
  /** Nesting depth of sequences in a data set. The reader is iterative; the bound protects those who walk its JSON. */
  sequenceDepthMax: 64,
  /** Data elements in one data set, nested ones included. */
  elementCountMax: 4_000_000,
  /** Bytes of one instance held in memory while it is parsed: everything but bulk values. */
  headerBytesMax: 256 * 1024 * 1024,
  /** Length of the File Meta Information group, PS3.10 §7.1. */
  fileMetaBytesMax: 64 * 1024,
  /** Values of the OB, OD, OF, OL, OV, OW and UN kind up to this length are inlined in metadata as base64. */
  inlineBinaryBytesMax: 1024,
  /** Values of any other VR longer than this are replaced by a BulkDataURI where PS3.18 §F.2.6 allows it. */
  inlineValueBytesMax: 256 * 1024,
  /** Inflated size of a deflated data set (PS3.5 §A.5), absolute and as a ratio to the deflated size. */
  inflatedBytesMax: 4 * 1024 * 1024 * 1024,
  inflateRatioMax: 200,
  /** Frames of one instance. */
  frameCountMax: 10_000_000,
  /** Fragments of one encapsulated pixel data element. */
  fragmentCountMax: 20_000_000,
  /** Length of a UID. PS3.5 §9.1 ends at 64; writers that go a little beyond exist, and their files are wanted. */
  uidLengthMax: 80,
  /** Multipart: RFC 2046 §5.1.1 boundary, header block of a part, parts of a request. */
  multipartBoundaryLengthMax: 70,
  multipartHeaderBytesMax: 16 * 1024,
  multipartPartCountMax: 100_000,
  /** Metadata of a Store request that comes apart from its bulk data, all of its parts together: it is parsed as a whole. */
  storeMetadataBytesMax: 4 * 1024 * 1024,
  /** Bytes of the instances that are made of such metadata and its bulk data, as a ratio to those of the request. */
  composedRatioMax: 200,
  /** URL and query string of a request. */
  urlBytesMax: 16 * 1024,
  /** Request line and headers together. */
  requestHeadBytesMax: 64 * 1024,
  /** Query: values in a UID list, conditions, rows of one page, rows skipped. */
  queryUidListMax: 2_000,
  queryConditionCountMax: 64,
  queryLimitMax: 100_000,
  queryOffsetMax: 10_000_000,
  queryValueLengthMax: 1_024,
  /** Frame numbers in one request. */
  frameListMax: 10_000,
  /**
   * Rendering: instances looked at for one that stands for its series, frames of an animation, bytes of metadata and of bulk
   * values read for a picture, bytes of a presentation state, its annotations and points of one.
   */
  representativeSearchMax: 2_048,
  animationFramesMax: 256,
  renderAttributeBytesMax: 16 * 1024 * 1024,
  presentationStateBytesMax: 1024 * 1024,
  graphicAnnotationsMax: 2_000,
  graphicPointsMax: 4_096,
  /** PS3.8: length of an association PDU (RQ/AC), of any P-DATA-TF we accept, presentation contexts of an association. */
  associatePduBytesMax: 1024 * 1024,
  pDataPduBytesMax: 16 * 1024 * 1024,
  presentationContextCountMax: 128,
  /** PS3.7: bytes of a command set, and of an identifier data set (C-FIND, N-*). */
  commandSetBytesMax: 64 * 1024,
  identifierBytesMax: 16 * 1024 * 1024,
} as const;
