import { commandField } from '#engine/dimse/command-set.js';
import type { AcceptedAssociation } from '../service-provider.js';
import type { QueryRetrieveDependencies } from './c-find-scp.js';
import { InstanceSender } from './instance-sender.js';
import { QueryRetrieveScp } from './query-retrieve-scp.js';
import type { FinalResponse, QueryRetrieveOperation } from './query-retrieve-scp.js';
import { retrieveInstances } from './retrieve-instances.js';

/**
 * C-GET SCP of the Query/Retrieve service class, PS3.4 §C.4.3: instances are sent on the association of the request, on the
 * contexts that the requestor took the SCP role for.
 */
export class CGetScp extends QueryRetrieveScp {
  override readonly commandField = commandField.cGetRequest;
  readonly #association: AcceptedAssociation;
  readonly #dependencies: QueryRetrieveDependencies;

  constructor(association: AcceptedAssociation, dependencies: QueryRetrieveDependencies) {
    super(association, 'get', dependencies.logger);
    this.#association = association;
    this.#dependencies = dependencies;
  }

  protected override perform(operation: QueryRetrieveOperation): Promise<FinalResponse> {
    const { engine } = this.#dependencies;
    const association = this.#association;
    const contexts = association.peerScpContexts;
    const sender = new InstanceSender({ engine, peer: association, contexts });
    return retrieveInstances(operation, this.requesterOf(operation), this.#dependencies, () => ({
      send: (record) => sender.send(record),
      close: () => Promise.resolve(),
    }));
  }
}
