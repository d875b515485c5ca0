import { afterEach, describe } from 'node:test';
import { lifecycleContract } from './http-transport/lifecycle.contract.js';
import { messagesContract } from './http-transport/messages.contract.js';
import { requestBodiesContract } from './http-transport/request-bodies.contract.js';
import { responsesContract } from './http-transport/responses.contract.js';
import { TransportBed, type TransportFactory } from './http-transport/transport-bed.js';

/** What every HttpTransport must do; `name` heads the report. */
export function httpTransportContract(name: string, create: TransportFactory): void {
  describe(name, () => {
    const bed = new TransportBed(create);
    afterEach(() => bed.closeAll());
    messagesContract(bed);
    requestBodiesContract(bed);
    responsesContract(bed);
    lifecycleContract(bed);
  });
}
