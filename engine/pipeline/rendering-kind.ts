import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { RenderingKind } from '../engine-types.js';
import { isSoftcopyPresentationState, sopClassUidOf } from './presented-image.js';

/** Structured reports and other documents with a content tree (PS3.3 §A.35). */
const reportPrefix = '1.2.840.10008.5.1.4.1.1.88.';

/** Encapsulated documents (PS3.3 §A.45, §A.85 to §A.105) whose media type the SOP class gives; what the data set says is not trusted. */
const documentTypes: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10008.5.1.4.1.1.104.1', 'application/pdf'],
  ['1.2.840.10008.5.1.4.1.1.104.2', 'text/xml'],
  ['1.2.840.10008.5.1.4.1.1.104.3', 'model/stl'],
  ['1.2.840.10008.5.1.4.1.1.104.4', 'model/obj'],
  ['1.2.840.10008.5.1.4.1.1.104.5', 'model/mtl'],
]);

export function renderingKindOf(record: InstanceRecord, hasPixelData: boolean): RenderingKind {
  const sopClassUid = sopClassUidOf(record);
  const documentType = documentTypes.get(sopClassUid);
  if (documentType !== undefined) return { kind: 'document', mediaType: documentType };
  if (sopClassUid.startsWith(reportPrefix)) return { kind: 'report' };
  if (isSoftcopyPresentationState(record)) return { kind: 'presentation-state' };
  if (!hasPixelData) return { kind: 'none', reason: 'the instance has no pixel data' };
  const syntax = findTransferSyntax(record.transferSyntaxUid);
  if (syntax?.isVideo === true) return { kind: 'video', mediaType: syntax.frameMediaType };
  return { kind: 'image' };
}
