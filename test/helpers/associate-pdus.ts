import { dicomApplicationContextUid } from '#engine/upper-layer/pdu-types.js';
import type { AssociateRequest } from '#engine/upper-layer/pdu-types.js';
import { encodeTitleFields, protocolVersion } from '#engine/upper-layer/pdu-writer.js';
import type { UserInformation } from '#engine/upper-layer/user-information.js';

/** User information with nothing but what is mandatory. */
export const plainUserInformation: UserInformation = {
  maximumLengthBytes: 16_384,
  implementationClassUid: '2.25.1',
  roleSelections: [],
  extendedNegotiations: [],
  commonExtendedNegotiations: [],
};

/** A request for one CT Image Storage context, with the given changes. */
export function associateRequest(changes: Partial<AssociateRequest> = {}): AssociateRequest {
  const { calledAeTitle = 'GANTRY', callingAeTitle = 'TESTSCU' } = changes;
  return {
    protocolVersion,
    calledAeTitle,
    callingAeTitle,
    titleFields: encodeTitleFields(calledAeTitle, callingAeTitle),
    applicationContextUid: dicomApplicationContextUid,
    presentationContexts: [
      {
        contextId: 1,
        abstractSyntaxUid: '1.2.840.10008.5.1.4.1.1.2',
        transferSyntaxUids: ['1.2.840.10008.1.2.1'],
      },
    ],
    userInformation: plainUserInformation,
    ...changes,
  };
}
