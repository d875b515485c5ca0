import { GantryError } from '#engine/base/error-catalogue.js';
import type { AcceptedType } from '#src/http/accept.js';

const dicom = 'application/dicom';

/** How the instances of one response are sent. */
export interface InstanceRepresentation {
  readonly isMultipart: boolean;
  /** Transfer syntaxes that the client takes; `any` when it did not restrict them. */
  readonly transferSyntaxUids: 'any' | ReadonlySet<string>;
}

/**
 * Chooses the form in which Part 10 instances leave (PS3.18 §8.7.3.4). Instances are sent as stored; a client that names
 * transfer syntaxes gets those instances that are stored in one of them. A client that names none gets every instance as it is
 * stored: its File Meta Information says how it is encoded.
 */
export function chooseInstanceRepresentation(
  accepted: readonly AcceptedType[],
): InstanceRepresentation {
  const chosen = accepted.find(isDicom);
  if (chosen === undefined) {
    throw new GantryError('not-acceptable', 'instances are served as application/dicom');
  }
  const isMultipart = isMultipartType(chosen);
  const alternatives = accepted.filter(
    (entry) => isDicom(entry) && isMultipartType(entry) === isMultipart,
  );
  const uids = new Set<string>();
  for (const { transferSyntaxUid } of alternatives) {
    if (transferSyntaxUid === undefined || transferSyntaxUid === '*') {
      return { isMultipart, transferSyntaxUids: 'any' };
    }
    uids.add(transferSyntaxUid);
  }
  return { isMultipart, transferSyntaxUids: uids };
}

function isDicom(entry: AcceptedType): boolean {
  const type = isMultipartType(entry) ? (entry.partType ?? '*/*') : entry.type;
  return type === dicom || type === 'application/*' || type === '*/*';
}

function isMultipartType(entry: AcceptedType): boolean {
  return entry.type === 'multipart/related' || entry.type.includes('*');
}
