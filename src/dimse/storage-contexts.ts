import {
  explicitVrBigEndianUid,
  explicitVrLittleEndianUid,
  findTransferSyntax,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';

/** Verification SOP class, PS3.4 Annex A. */
export const verificationSopClassUid = '1.2.840.10008.1.1';

/** Storage Commitment Push Model SOP class, PS3.4 Annex J. */
export const storageCommitmentSopClassUid = '1.2.840.10008.1.20.1';

/** Root of the storage SOP classes, PS3.4 Table B.5-1. Everything the standard puts below it is stored alike. */
const storageRoot = '1.2.840.10008.5.1.4.1.1.';

/**
 * Composite storage SOP classes outside `storageRoot`: RT (Brachy) Delivery Instruction, and the retired Stored Print and
 * Hardcopy classes. Objects that belong to no study (hanging protocols, implant templates) are left out: there is no place
 * for them in the hierarchy.
 */
const otherStorageSopClasses: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.34.7',
  '1.2.840.10008.5.1.4.34.10',
  '1.2.840.10008.5.1.1.27',
  '1.2.840.10008.5.1.1.29',
  '1.2.840.10008.5.1.1.30',
]);

/** Whether instances of this class are stored; `additional` are the private classes that a site configures. */
export function isStorageSopClass(sopClassUid: string, additional: ReadonlySet<string>): boolean {
  return (
    sopClassUid.startsWith(storageRoot) ||
    otherStorageSopClasses.has(sopClassUid) ||
    additional.has(sopClassUid)
  );
}

/** Whether instances in this transfer syntax can be stored and described. */
export function isTransferSyntaxKnown(uid: string): boolean {
  return findTransferSyntax(uid) !== undefined;
}

/**
 * The transfer syntax to accept for one context. Stored bytes are kept as they come, so the best choice is what the sender
 * converts least for: the first it lists that we know. One exception: a sender that lists implicit VR or big endian first but
 * offers explicit VR little endian too converts nothing but element headers, and explicit VRs tell what private elements are.
 */
export function chooseStorageTransferSyntax(proposed: readonly string[]): string | undefined {
  const first = proposed.find(isTransferSyntaxKnown);
  const isUncompressed = first === implicitVrLittleEndianUid || first === explicitVrBigEndianUid;
  return isUncompressed && proposed.includes(explicitVrLittleEndianUid)
    ? explicitVrLittleEndianUid
    : first;
}
