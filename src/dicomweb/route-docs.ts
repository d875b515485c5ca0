import type { ParameterDoc, RouteDoc } from '#src/http/route-doc.js';
import type { Dialect } from './dialect.js';
import { searchParameterDocs, type SearchedRoute } from './qido/search-parameter-docs.js';

const json = 'application/dicom+json';
const xml = 'multipart/related; type="application/dicom+xml"';
const instanceParts = 'multipart/related; type="application/dicom"';
const octetParts = 'multipart/related; type="application/octet-stream"';

const accept = {
  name: 'accept',
  doc: 'media type wanted, before what the Accept header says (PS3.18 §8.3.3.1)',
};

const store = ({ hasXml, storeTakesForms }: Dialect, summary: string): RouteDoc => ({
  summary,
  section: 'PS3.18 §10.5',
  parameters: [
    {
      name: 'dryrun',
      doc: 'answer as if the instances were stored, and store none',
      type: 'boolean',
    },
  ],
  requestTypes: [
    instanceParts,
    'application/dicom',
    'multipart/related; type="application/dicom+json"',
    'multipart/related; type="application/dicom+xml"',
    ...(storeTakesForms ? ['multipart/form-data'] : []),
  ],
  responseTypes: hasXml ? [json, 'application/dicom+xml'] : [json],
  statuses: [200, 202, 400, 409, 413, 415, 503],
});

const retrieveInstances = (summary: string, more: readonly string[] = []): RouteDoc => ({
  summary,
  section: 'PS3.18 §10.4.1.1.1',
  parameters: [accept],
  responseTypes: [instanceParts, ...more],
  statuses: [200, 206, 304, 404, 406],
});

const retrieveBulk = (summary: string): RouteDoc => ({
  summary,
  section: 'PS3.18 §10.4.1.1.5',
  parameters: [accept],
  responseTypes: [octetParts, 'application/octet-stream'],
  statuses: [200, 206, 304, 404, 406],
});

const retrieveFrames = (summary: string): RouteDoc => ({
  ...retrieveBulk(summary),
  section: 'PS3.18 §10.4.1.1.6',
});

const retrieveRendered = (summary: string): RouteDoc => ({
  summary,
  section: 'PS3.18 §10.4.1.1.3',
  parameters: [
    accept,
    { name: 'quality', doc: '1 to 100 (PS3.18 §8.3.5.1.2)', type: 'integer' },
    { name: 'viewport', doc: 'width, height and region (PS3.18 §8.3.5.1.3)' },
    { name: 'window', doc: 'centre, width and function (PS3.18 §8.3.5.1.4)' },
  ],
  responseTypes: ['image/jpeg', 'image/png'],
  statuses: [200, 304, 400, 404, 406],
});

const undeletion = (summary: string): RouteDoc => ({
  summary,
  responseTypes: ['application/json'],
  statuses: [200, 400, 404],
});

const deletion = (summary: string): RouteDoc => ({ summary, statuses: [204, 400, 404] });

const storeSummaries: Readonly<Record<string, string>> = {
  store: 'store instances',
  'store-study': 'store instances of one study',
  'store-replace': 'store instances, and replace those that are stored',
  'store-replace-study': 'store and replace instances of one study',
};

/** By the name of the route; what the dialect decides on follows below. */
const docs: Readonly<Record<string, RouteDoc>> = {
  'retrieve-study': retrieveInstances('the instances of a study'),
  'retrieve-series': retrieveInstances('the instances of a series'),
  'retrieve-instance': retrieveInstances('one instance', ['application/dicom']),
  'retrieve-frames': retrieveFrames('frames of an instance, by number'),
  'retrieve-all-frames': retrieveFrames('all frames of an instance'),
  'retrieve-bulkdata': retrieveBulk('one bulk value, by the URI that metadata give'),
  'retrieve-study-bulkdata': retrieveBulk('the bulk values of a study'),
  'retrieve-series-bulkdata': retrieveBulk('the bulk values of a series'),
  'retrieve-all-bulkdata': retrieveBulk('the bulk values of an instance'),
  'retrieve-study-pixeldata': retrieveBulk('the pixel data of a study'),
  'retrieve-series-pixeldata': retrieveBulk('the pixel data of a series'),
  'retrieve-pixeldata': retrieveBulk('the pixel data of an instance'),
  'retrieve-rendered-study': retrieveRendered('a study as pictures'),
  'retrieve-rendered-series': retrieveRendered('a series as pictures'),
  'retrieve-rendered': retrieveRendered('an instance as a picture'),
  'retrieve-rendered-frames': retrieveRendered('frames as pictures'),
  'retrieve-thumbnail-study': retrieveRendered('a small picture of a study'),
  'retrieve-thumbnail-series': retrieveRendered('a small picture of a series'),
  'retrieve-thumbnail': retrieveRendered('a small picture of an instance'),
  'retrieve-thumbnail-frames': retrieveRendered('a small picture of a frame'),
  'delete-study': deletion('delete a study'),
  'delete-series': deletion('delete a series'),
  'delete-instance': deletion('delete an instance'),
  'undelete-study': undeletion('take the deletion of a study back'),
  'undelete-series': undeletion('take the deletion of a series back'),
  'undelete-instance': undeletion('take the deletion of an instance back'),
};

const metadataParameters: readonly ParameterDoc[] = [
  { name: 'includefield', doc: 'attributes to return beside the UIDs, or `all`' },
  { name: 'excludeprivate', doc: 'leaves private attributes out', type: 'boolean' },
];

const metadataSummaries: Readonly<Record<string, string>> = {
  'retrieve-study-metadata': 'the attributes of the instances of a study',
  'retrieve-series-metadata': 'the attributes of the instances of a series',
  'retrieve-metadata': 'the attributes of an instance',
};

/** Where each search is rooted. */
const searchedRoutes: Readonly<Record<string, SearchedRoute>> = {
  studies: { rows: 'study', below: 'nothing' },
  series: { rows: 'series', below: 'nothing' },
  instances: { rows: 'instance', below: 'nothing' },
  'study-series': { rows: 'series', below: 'study' },
  'study-instances': { rows: 'instance', below: 'study' },
  'series-instances': { rows: 'instance', below: 'series' },
  patients: { rows: 'patient', below: 'nothing' },
};

/** What the route of that name does in the dialect; undefined for a name that is not described. */
export function findRouteDoc(dialect: Dialect, name: string): RouteDoc | undefined {
  const doc = describeRoute(dialect, name);
  if (doc === undefined || !name.startsWith('retrieve-') || dialect.deletedStatus !== 410)
    return doc;
  return { ...doc, statuses: [...doc.statuses, 410].sort((a, b) => a - b) };
}

function describeRoute(dialect: Dialect, name: string): RouteDoc | undefined {
  const stored = storeSummaries[name];
  if (stored !== undefined) return store(dialect, stored);
  const dataSets = dialect.hasXml ? [json, xml] : [json];
  const metadata = metadataSummaries[name];
  if (metadata !== undefined) {
    return {
      summary: metadata,
      section: 'PS3.18 §10.4.1.1.2',
      parameters: [accept, ...(dialect.metadataHasFields ? metadataParameters : [])],
      responseTypes: dataSets,
      statuses: [200, 304, 404, 406],
    };
  }
  const [verb, ...rest] = name.split('-');
  const what = rest.join('-');
  const route = searchedRoutes[what];
  if (route === undefined) return docs[name];
  const parameters = searchParameterDocs(dialect, route);
  const subject = `${what.replace('study-', '').replace('series-', '')}${belowText[route.below]}`;
  if (verb === 'count') {
    return {
      summary: `count ${subject}`,
      parameters,
      responseTypes: ['application/json'],
      statuses: [200, 400],
    };
  }
  return {
    summary: `search for ${subject}`,
    section: route.rows === 'patient' ? 'beyond PS3.18' : 'PS3.18 §10.6',
    parameters: [...parameters, accept],
    responseTypes: dataSets,
    statuses: [200, 204, 400, 406],
  };
}

const belowText = { nothing: '', study: ' of a study', series: ' of a series' };
