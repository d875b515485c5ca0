import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import { AssociationError } from './association-error.js';
import type { RequestedAssociation } from './requested-association.js';

/** The accepted context of an abstract syntax. Throws `peer-unavailable` when the peer accepted none. */
export function requireContext(
  association: RequestedAssociation,
  abstractSyntaxUid: string,
): PresentationContext {
  const context = association.findContext(abstractSyntaxUid);
  if (context !== undefined) return context;
  throw new AssociationError(
    'peer-unavailable',
    `the peer accepts no context of SOP class ${abstractSyntaxUid}`,
  );
}
