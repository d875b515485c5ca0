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
      doc: {
        summary: 'one instance, or a picture of it, named by query parameters',
        section: 'PS3.18 §9',
        parameters: [
          { name: 'requestType', doc: '`WADO`' },
          { name: 'studyUID', doc: 'Study Instance UID' },
          { name: 'seriesUID', doc: 'Series Instance UID' },
          { name: 'objectUID', doc: 'SOP Instance UID' },
          { name: 'contentType', doc: 'media type wanted (PS3.18 §9.1.2.2)' },
        ],
        responseTypes: ['application/dicom', 'image/jpeg'],
        statuses: [200, 400, 404, 406],
      },
      errorBody: service.dialect.errorBody,
      handler: (context) => wadoUriTransaction(service, context),
    },
  ];
}
