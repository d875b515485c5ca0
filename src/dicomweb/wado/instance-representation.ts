import { GantryError } from '#engine/base/error-catalogue.js';
import { coversType, type AcceptedMedia } from '#src/http/accept.js';

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
  accepted: readonly AcceptedMedia[],
): InstanceRepresentation {
  const takes = accepted.filter((media) => coversType(media, 'application/dicom'));
  const [best] = takes;
  if (best === undefined) {
    throw new GantryError('not-acceptable', 'instances are served as application/dicom');
  }
  const isMultipart = best.isMultipart ?? true;
  const alternatives = takes.filter((media) => (media.isMultipart ?? true) === isMultipart);
  const isAny = alternatives.some(
    ({ transferSyntaxes }) => transferSyntaxes.length === 0 || transferSyntaxes.includes('*'),
  );
  const uids = alternatives.flatMap(({ transferSyntaxes }) => transferSyntaxes);
  return { isMultipart, transferSyntaxUids: isAny ? 'any' : new Set(uids) };
}
