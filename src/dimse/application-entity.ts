import {
  implementationClassUid,
  implementationVersionName,
} from '#engine/dicom/part10/file-meta-information.js';
import type { AcceptancePolicy } from '#engine/upper-layer/negotiation.js';
import type { LocalAe } from '#src/config/option-types.js';
import { answerExtendedNegotiation } from './query-retrieve/extended-negotiation.js';
import {
  chooseIdentifierTransferSyntax,
  findInformationModel,
} from './query-retrieve/information-models.js';
import {
  chooseStorageTransferSyntax,
  isStorageSopClass,
  isTransferSyntaxKnown,
  storageCommitmentSopClassUid,
  verificationSopClassUid,
} from './storage-contexts.js';

/** What a site configures of our application entity. */
export interface ApplicationEntityOptions {
  readonly aeTitle: string;
  /** Further AE titles, each with the partition that its instances go to; those of `aeTitle` go to partition 0. */
  readonly localAes: readonly LocalAe[];
  /** Refuse associations that call an AE title that is none of these. */
  readonly checkCalledAe: boolean;
  /** AE titles that may call; empty for any. */
  readonly acceptedCallingAes: readonly string[];
  /** Private storage SOP classes to accept. */
  readonly additionalSopClasses: readonly string[];
  /** Longest P-DATA-TF variable field asked of peers; 0 is unlimited. */
  readonly maximumLengthBytes: number;
  /** C-STOREs that one association may have outstanding if it negotiates for it. */
  readonly operationsInvokedMax: number;
}

/** The acceptance rules of our application entity; `capacity` is asked for each association. */
export function createAcceptancePolicy(
  options: ApplicationEntityOptions,
  capacity: AcceptancePolicy['capacity'],
): AcceptancePolicy {
  const callingAes = new Set(options.acceptedCallingAes);
  const localTitles = new Set([options.aeTitle, ...options.localAes.map(({ aeTitle }) => aeTitle)]);
  const additional = new Set(options.additionalSopClasses);
  return {
    implementationClassUid,
    implementationVersionName,
    maximumLengthBytes: options.maximumLengthBytes,
    operationsInvokedMax: options.operationsInvokedMax,
    isCalledAeTitleAccepted: (title) => !options.checkCalledAe || localTitles.has(title),
    isCallingAeTitleAccepted: (title) => callingAes.size === 0 || callingAes.has(title),
    capacity,
    isAbstractSyntaxAccepted: (uid) =>
      uid === verificationSopClassUid ||
      uid === storageCommitmentSopClassUid ||
      isStorageSopClass(uid, additional) ||
      findInformationModel(uid) !== undefined,
    // Who retrieves by C-GET takes instances on the same association.
    isScpRoleAccepted: (uid) => isStorageSopClass(uid, additional),
    chooseTransferSyntax: ({ abstractSyntaxUid, transferSyntaxUids, isRequestorScp }) => {
      if (!isStorageSopClass(abstractSyntaxUid, additional)) {
        return chooseIdentifierTransferSyntax(transferSyntaxUids);
      }
      return isRequestorScp
        ? transferSyntaxUids.find(isTransferSyntaxKnown)
        : chooseStorageTransferSyntax(transferSyntaxUids);
    },
    answerExtendedNegotiation,
  };
}
