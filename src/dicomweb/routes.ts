import type { Route } from '#src/http/http-service.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { DicomwebService } from './dicomweb-service.js';
import { capabilitiesRoutes } from './capabilities/capabilities-routes.js';
import { deleteTransaction } from './delete/delete-transaction.js';
import { goneWhenDeleted } from './delete/gone-when-deleted.js';
import { undeleteTransaction } from './delete/undelete-transaction.js';
import {
  countTransaction,
  searchTransaction,
  type SearchedRows,
} from './qido/search-transaction.js';
import { findRouteDoc } from './route-docs.js';
import { storeTransaction } from './stow/store-transaction.js';
import {
  retrieveAllBulkdataTransaction,
  retrievePixelDataTransaction,
} from './wado/retrieve-all-bulkdata-transaction.js';
import { retrieveBulkdataTransaction } from './wado/retrieve-bulkdata-transaction.js';
import { retrieveFramesTransaction } from './wado/retrieve-frames-transaction.js';
import { retrieveInstancesTransaction } from './wado/retrieve-instances-transaction.js';
import { retrieveMetadataTransaction } from './wado/retrieve-metadata-transaction.js';
import {
  retrieveRenderedTransaction,
  retrieveThumbnailTransaction,
} from './wado/retrieve-rendered-transaction.js';

type Transaction = (service: DicomwebService, context: RequestContext) => void | Promise<void>;

const searchFor =
  (rows: SearchedRows): Transaction =>
  (service, context) =>
    searchTransaction(service, context, rows);
const countOf =
  (rows: SearchedRows): Transaction =>
  (service, context) =>
    countTransaction(service, context, rows);

const study = '/studies/{study}';
const series = `${study}/series/{series}`;
const instance = `${series}/instances/{instance}`;
const frames = `${instance}/frames/{frames}`;

/** Every resource of the Studies Service (PS3.18 §10.1) on one page. */
const table: readonly (readonly [
  method: string,
  template: string,
  permission: string,
  name: string,
  transaction: Transaction,
])[] = [
  ['POST', '/studies', 'write', 'store', storeTransaction],
  ['POST', study, 'write', 'store-study', storeTransaction],
  ['PUT', '/studies', 'write', 'store-replace', storeTransaction],
  ['PUT', study, 'write', 'store-replace-study', storeTransaction],
  ['GET', '/studies', 'read', 'search-studies', searchFor('study')],
  ['GET', '/series', 'read', 'search-series', searchFor('series')],
  ['GET', '/instances', 'read', 'search-instances', searchFor('instance')],
  ['GET', `${study}/series`, 'read', 'search-study-series', searchFor('series')],
  ['GET', `${study}/instances`, 'read', 'search-study-instances', searchFor('instance')],
  ['GET', `${series}/instances`, 'read', 'search-series-instances', searchFor('instance')],
  ['GET', '/patients', 'read', 'search-patients', searchFor('patient')],
  ['GET', '/studies/count', 'read', 'count-studies', countOf('study')],
  ['GET', '/series/count', 'read', 'count-series', countOf('series')],
  ['GET', '/instances/count', 'read', 'count-instances', countOf('instance')],
  ['GET', `${study}/series/count`, 'read', 'count-study-series', countOf('series')],
  ['GET', `${study}/instances/count`, 'read', 'count-study-instances', countOf('instance')],
  ['GET', `${series}/instances/count`, 'read', 'count-series-instances', countOf('instance')],
  ['GET', '/patients/count', 'read', 'count-patients', countOf('patient')],
  ['GET', study, 'read', 'retrieve-study', retrieveInstancesTransaction],
  ['GET', series, 'read', 'retrieve-series', retrieveInstancesTransaction],
  ['GET', instance, 'read', 'retrieve-instance', retrieveInstancesTransaction],
  ['GET', `${study}/metadata`, 'read', 'retrieve-study-metadata', retrieveMetadataTransaction],
  ['GET', `${series}/metadata`, 'read', 'retrieve-series-metadata', retrieveMetadataTransaction],
  ['GET', `${instance}/metadata`, 'read', 'retrieve-metadata', retrieveMetadataTransaction],
  ['GET', frames, 'read', 'retrieve-frames', retrieveFramesTransaction],
  ['GET', `${instance}/frames`, 'read', 'retrieve-all-frames', retrieveFramesTransaction],
  ['GET', `${study}/bulkdata`, 'read', 'retrieve-study-bulkdata', retrieveAllBulkdataTransaction],
  ['GET', `${series}/bulkdata`, 'read', 'retrieve-series-bulkdata', retrieveAllBulkdataTransaction],
  ['GET', `${instance}/bulkdata`, 'read', 'retrieve-all-bulkdata', retrieveAllBulkdataTransaction],
  ['GET', `${study}/pixeldata`, 'read', 'retrieve-study-pixeldata', retrievePixelDataTransaction],
  ['GET', `${series}/pixeldata`, 'read', 'retrieve-series-pixeldata', retrievePixelDataTransaction],
  ['GET', `${instance}/pixeldata`, 'read', 'retrieve-pixeldata', retrievePixelDataTransaction],
  ['GET', `${study}/rendered`, 'read', 'retrieve-rendered-study', retrieveRenderedTransaction],
  ['GET', `${series}/rendered`, 'read', 'retrieve-rendered-series', retrieveRenderedTransaction],
  ['GET', `${instance}/rendered`, 'read', 'retrieve-rendered', retrieveRenderedTransaction],
  ['GET', `${frames}/rendered`, 'read', 'retrieve-rendered-frames', retrieveRenderedTransaction],
  ['GET', `${study}/thumbnail`, 'read', 'retrieve-thumbnail-study', retrieveThumbnailTransaction],
  ['GET', `${series}/thumbnail`, 'read', 'retrieve-thumbnail-series', retrieveThumbnailTransaction],
  ['GET', `${instance}/thumbnail`, 'read', 'retrieve-thumbnail', retrieveThumbnailTransaction],
  ['GET', `${frames}/thumbnail`, 'read', 'retrieve-thumbnail-frames', retrieveThumbnailTransaction],
  ['GET', `${instance}/bulkdata/{path*}`, 'read', 'retrieve-bulkdata', retrieveBulkdataTransaction],
  ['DELETE', study, 'delete', 'delete-study', deleteTransaction],
  ['DELETE', series, 'delete', 'delete-series', deleteTransaction],
  ['DELETE', instance, 'delete', 'delete-instance', deleteTransaction],
  ['POST', `${study}/undelete`, 'admin', 'undelete-study', undeleteTransaction],
  ['POST', `${series}/undelete`, 'admin', 'undelete-series', undeleteTransaction],
  ['POST', `${instance}/undelete`, 'admin', 'undelete-instance', undeleteTransaction],
];

/** The route table of the service under its root path. */
export function dicomwebRoutes(service: DicomwebService): Route[] {
  const routes = table.map(([method, template, permission, name, transaction]): Route => {
    const doc = findRouteDoc(service.dialect, name);
    return {
      method,
      template: `${service.rootPath}${template}`,
      permission,
      name,
      ...(doc === undefined ? {} : { doc }),
      errorBody: service.dialect.errorBody,
      handler: (context) =>
        method === 'GET' ? retrieve(service, context, transaction) : transaction(service, context),
    };
  });
  return [...routes, ...capabilitiesRoutes(service, routes)];
}

/** Runs a transaction that reads; what it finds deleted is gone. */
function retrieve(
  service: DicomwebService,
  context: RequestContext,
  transaction: Transaction,
): void | Promise<void> {
  try {
    return transaction(service, context)?.catch((error: unknown) => {
      throw goneWhenDeleted(service, context, error);
    });
  } catch (error) {
    throw goneWhenDeleted(service, context, error);
  }
}
