import { commandField } from '#engine/dimse/command-set.js';
import type {
  AcceptedAssociation,
  DataSetReceiver,
  DimseRequest,
  ServiceProvider,
} from '../service-provider.js';
import type { QueryRetrieveDependencies } from './c-find-scp.js';
import { InstanceSender } from './instance-sender.js';
import { QueryRetrieveOperations } from './query-retrieve-operations.js';
import type { FinalResponse, QueryRetrieveOperation } from './query-retrieve-operations.js';
import { retrieveInstances } from './retrieve-instances.js';

/**
 * C-GET SCP of the Query/Retrieve service class, PS3.4 §C.4.3: instances are sent on the association of the request, on the
 * contexts that the requestor took the SCP role for.
 */
export class CGetScp implements ServiceProvider {
  readonly commandField = commandField.cGetRequest;
  readonly #association: AcceptedAssociation;
  readonly #dependencies: QueryRetrieveDependencies;
  readonly #operations: QueryRetrieveOperations;

  constructor(association: AcceptedAssociation, dependencies: QueryRetrieveDependencies) {
    this.#association = association;
    this.#dependencies = dependencies;
    this.#operations = new QueryRetrieveOperations(
      association,
      'get',
      dependencies.logger,
      (operation) => this.#get(operation),
    );
  }

  begin(request: DimseRequest): DataSetReceiver | undefined {
    return this.#operations.begin(request);
  }

  cancel(messageId: number): void {
    this.#operations.cancel(messageId);
  }

  close(): void {
    this.#operations.close();
  }

  #get(operation: QueryRetrieveOperation): Promise<FinalResponse> {
    const { engine } = this.#dependencies;
    const association = this.#association;
    const contexts = association.peerScpContexts;
    const sender = new InstanceSender({ engine, peer: association, contexts });
    return retrieveInstances(operation, association, engine, () =>
      Promise.resolve({
        send: (record) => sender.send(record),
        close: () => Promise.resolve(),
      }),
    );
  }
}
