import type { Route } from '#src/http/http-service.js';
import type { DicomwebService } from '../dicomweb-service.js';
import { wadoUriTransaction } from './wado-uri-transaction.js';

/** The one resource of the URI service (PS3.18 §9), at the path that its clients expect. */
export function wadoUriRoutes(service: DicomwebService): Route[] {
  return [
    {
      method: 'GET',
      template: '/wado',
      permission: 'read',
      name: 'wado-uri',
      errorBody: service.dialect.errorBody,
      handler: (context) => wadoUriTransaction(service, context),
    },
  ];
}
