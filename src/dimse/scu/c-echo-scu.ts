import { commandField } from '#engine/dimse/command-set.js';
import { verificationSopClassUid } from '#src/dimse/storage-contexts.js';
import { requireContext } from './require-context.js';
import type { OperationResponse } from './operation-invoker.js';
import type { RequestedAssociation } from './requested-association.js';

/** C-ECHO as SCU (PS3.4 Annex A, PS3.7 §9.1.5). Resolves with the response, whatever its status. */
export async function echo(association: RequestedAssociation): Promise<OperationResponse> {
  return association.invoke({
    context: requireContext(association, verificationSopClassUid),
    command: {
      commandField: commandField.cEchoRequest,
      affectedSopClassUid: verificationSopClassUid,
    },
  });
}
