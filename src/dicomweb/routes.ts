import type { Route } from '#src/http/http-service.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { DicomwebService } from './dicomweb-service.js';
import { deleteTransaction } from './delete/delete-transaction.js';
import { searchTransaction } from './qido/search-transaction.js';
import { storeTransaction } from './stow/store-transaction.js';
import {
  retrieveAllBulkdataTransaction,
  retrievePixelDataTransaction,
} from './wado/retrieve-all-bulkdata-transaction.js';
import { retrieveBulkdataTransaction } from './wado/retrieve-bulkdata-transaction.js';
import { retrieveFramesTransaction } from './wado/retrieve-frames-transaction.js';
import { retrieveInstancesTransaction } from './wado/retrieve-instances-transaction.js';
import { retrieveMetadataTransaction } from './wado/retrieve-metadata-transaction.js';

type Transaction = (service: DicomwebService, context: RequestContext) => void | Promise<void>;

const searchStudies: Transaction = (service, context) =>
  searchTransaction(service, context, 'study');
const searchSeries: Transaction = (service, context) =>
  searchTransaction(service, context, 'series');
const searchInstances: Transaction = (service, context) =>
  searchTransaction(service, context, 'instance');

const study = '/studies/{study}';
const series = `${study}/series/{series}`;
const instance = `${series}/instances/{instance}`;

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
  ['GET', '/studies', 'read', 'search-studies', searchStudies],
  ['GET', '/series', 'read', 'search-series', searchSeries],
  ['GET', '/instances', 'read', 'search-instances', searchInstances],
  ['GET', `${study}/series`, 'read', 'search-study-series', searchSeries],
  ['GET', `${study}/instances`, 'read', 'search-study-instances', searchInstances],
  ['GET', `${series}/instances`, 'read', 'search-series-instances', searchInstances],
  ['GET', study, 'read', 'retrieve-study', retrieveInstancesTransaction],
  ['GET', series, 'read', 'retrieve-series', retrieveInstancesTransaction],
  ['GET', instance, 'read', 'retrieve-instance', retrieveInstancesTransaction],
  ['GET', `${study}/metadata`, 'read', 'retrieve-study-metadata', retrieveMetadataTransaction],
  ['GET', `${series}/metadata`, 'read', 'retrieve-series-metadata', retrieveMetadataTransaction],
  ['GET', `${instance}/metadata`, 'read', 'retrieve-metadata', retrieveMetadataTransaction],
  ['GET', `${instance}/frames/{frames}`, 'read', 'retrieve-frames', retrieveFramesTransaction],
  ['GET', `${instance}/frames`, 'read', 'retrieve-all-frames', retrieveFramesTransaction],
  ['GET', `${study}/bulkdata`, 'read', 'retrieve-study-bulkdata', retrieveAllBulkdataTransaction],
  ['GET', `${series}/bulkdata`, 'read', 'retrieve-series-bulkdata', retrieveAllBulkdataTransaction],
  ['GET', `${instance}/bulkdata`, 'read', 'retrieve-all-bulkdata', retrieveAllBulkdataTransaction],
  ['GET', `${study}/pixeldata`, 'read', 'retrieve-study-pixeldata', retrievePixelDataTransaction],
  ['GET', `${series}/pixeldata`, 'read', 'retrieve-series-pixeldata', retrievePixelDataTransaction],
  ['GET', `${instance}/pixeldata`, 'read', 'retrieve-pixeldata', retrievePixelDataTransaction],
  ['GET', `${instance}/bulkdata/{path*}`, 'read', 'retrieve-bulkdata', retrieveBulkdataTransaction],
  ['DELETE', study, 'delete', 'delete-study', deleteTransaction],
  ['DELETE', series, 'delete', 'delete-series', deleteTransaction],
  ['DELETE', instance, 'delete', 'delete-instance', deleteTransaction],
];

/** The route table of the service under its root path. */
export function dicomwebRoutes(service: DicomwebService): Route[] {
  return table.map(([method, template, permission, name, transaction]) => ({
    method,
    template: `${service.rootPath}${template}`,
    permission,
    name,
    errorBody: service.dialect.errorBody,
    handler: (context) => transaction(service, context),
  }));
}
