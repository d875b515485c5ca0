import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { coversType, equallyLiked, type AcceptedMedia } from '#src/http/accept.js';

/** The form in which one instance leaves. */
export interface InstanceForm {
  readonly transferSyntaxUid: string;
  /** It is sent as it is stored. */
  readonly isStored: boolean;
}

/** The instance that is asked for. */
export interface StoredInstance {
  readonly transferSyntaxUid: string;
  /** Why it cannot be had in that transfer syntax; undefined when it can. */
  refusalOf(transferSyntaxUid: string): string | undefined;
}

/** How the instances of one response are sent. */
export interface InstanceRepresentation {
  /** Undefined leaves the choice to us. */
  readonly isMultipart: boolean | undefined;
  /** Groups of what the client likes equally well, best first: UIDs, `*` as stored, `default` where it names none. */
  readonly choices: readonly (readonly string[])[];
  /** Every instance is sent as it is stored. */
  readonly isAlwaysStored: boolean;
}

/** Says that the client named no transfer syntax. */
export const unnamedSyntax = 'default';

/** The form of Part 10 instances that the client likes best (PS3.18 §8.7.3.4); undefined when it takes none. */
export function findInstanceRepresentation(
  accepted: readonly AcceptedMedia[],
): InstanceRepresentation | undefined {
  const takes = accepted.filter((media) => coversType(media, 'application/dicom'));
  const [best] = takes;
  if (best === undefined) return undefined;
  const alike = takes.filter(({ isMultipart }) => isMultipart === best.isMultipart);
  const choices = equallyLiked(alike).map((group) => [...new Set(group.flatMap(syntaxesOf))]);
  const isAlwaysStored = choices[0]?.includes('*') === true;
  return { isMultipart: best.isMultipart, choices, isAlwaysStored };
}

/** A range leaves the transfer syntax to us; `application/dicom` without one means the default of PS3.18 §8.7.3.4. */
function syntaxesOf({ type, transferSyntaxes }: AcceptedMedia): readonly string[] {
  if (transferSyntaxes.length > 0) return transferSyntaxes;
  return type.endsWith('*') ? ['*'] : [unnamedSyntax];
}

/**
 * The form of one instance among the choices; undefined when there is none. What is liked equally well is sent as stored where
 * that is one of it. `keepsLossy` (PS3.18 §8.7.3.4): a client that names no transfer syntax gets as stored what exists with loss
 * only, or cannot be decoded; otherwise it gets Explicit VR Little Endian or nothing.
 */
export function findInstanceForm(
  { choices }: InstanceRepresentation,
  { transferSyntaxUid: stored, refusalOf }: StoredInstance,
  keepsLossy: boolean,
): InstanceForm | undefined {
  const asStored: InstanceForm = { transferSyntaxUid: stored, isStored: true };
  for (const group of choices) {
    if (group.includes('*') || group.includes(stored)) return asStored;
    for (const choice of group) {
      const isUnnamed = choice === unnamedSyntax;
      const isLossy = findTransferSyntax(stored)?.isLossy === true;
      if (isUnnamed && keepsLossy && isLossy) return asStored;
      const wanted = isUnnamed ? explicitVrLittleEndianUid : choice;
      if (wanted === stored) return asStored;
      if (refusalOf(wanted) === undefined) return { transferSyntaxUid: wanted, isStored: false };
      if (isUnnamed && keepsLossy) return asStored;
    }
  }
  return undefined;
}
