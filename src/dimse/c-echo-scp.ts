import { commandField } from '#engine/dimse/command-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type { DimseRequest, ServiceAssociation, ServiceProvider } from './service-provider.js';
import { verificationSopClassUid } from './storage-contexts.js';

/** Verification SCP, PS3.4 Annex A and PS3.7 §9.1.5. */
export class CEchoScp implements ServiceProvider {
  readonly commandField = commandField.cEchoRequest;
  readonly #association: ServiceAssociation;

  constructor(association: ServiceAssociation) {
    this.#association = association;
  }

  begin(request: DimseRequest): undefined {
    const isVerification = request.context.abstractSyntaxUid === verificationSopClassUid;
    this.#association.respond(request, {
      status: isVerification ? dimseStatus.success : dimseStatus.sopClassNotSupported,
    });
  }

  close(): void {
    // An echo leaves nothing behind.
  }
}
