import { createNodeHttpTransport } from '#engine/transport/node-http-transport.js';
import { createUwsHttpTransport } from '#engine/transport/uws-http-transport.js';
import { httpTransportContract } from './http-transport.contract.js';

httpTransportContract('uWebSockets.js transport', createUwsHttpTransport);
httpTransportContract('node:http transport', createNodeHttpTransport);
