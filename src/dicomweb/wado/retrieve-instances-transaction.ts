import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';
import { acceptedOf, targetOf, type DicomwebService } from '../dicomweb-service.js';
import { answerNotModified, etagOf, requireResource } from '../resource-etag.js';
import {
  chooseInstanceRepresentation,
  type InstanceRepresentation,
} from './instance-representation.js';
import { isStored, openPart, toOutgoing, type OutgoingInstance } from './outgoing-instance.js';
import { respondParts, respondSingle, type ResponsePart } from './parts-response.js';
import { startedAhead } from './started-ahead.js';

/** Instances that codecs begin with beside the one that is sent. */
const instancesAhead = 2;

/**
 * Retrieve, PS3.18 §10.4.1.1.1: the instances of a study or series, or one instance, as Part 10 files, as they are stored or in
 * a transfer syntax that the client takes. 206 with a warning when some can be had in none of these, 406 when all are such.
 */
export async function retrieveInstancesTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { engine } = service;
  const target = targetOf(context);
  const representation = chooseInstanceRepresentation(acceptedOf(context));
  const pages = engine.instancePages(target)[Symbol.iterator]();
  const first = pages.next();
  if (first.done === true) throw new GantryError('not-found');
  const form = [
    representation.isMultipart ? 'multipart' : 'single',
    representation.transferSyntaxUids === 'any' ? 'any' : [...representation.transferSyntaxUids],
  ].join('-');
  const etag = etagOf(requireResource(engine, target), target, form);
  if (answerNotModified(context, etag)) return;
  const second = pages.next();
  const choose = (record: InstanceRecord): OutgoingInstance | undefined =>
    toOutgoing(engine, target.partition, record, representation);
  if (!representation.isMultipart) {
    const [record, another] = first.value;
    if (another !== undefined) {
      throw new GantryError('not-acceptable', 'several instances are served as multipart/related');
    }
    const instance = choose(record!);
    if (instance === undefined) throw notAcceptable(engine, target, representation, record!);
    return respondOne(engine, context, instance, etag);
  }
  const response = { partType: 'application/dicom', boundaryKey: etag };
  const headers: HttpHeaders = [['etag', etag]];
  if (second.done !== true) {
    const records = concatenated([first.value, second.value], pages);
    const parts = partsOf(engine, chosenOf(records, choose));
    return respondParts(context, { ...response, status: 200, headers }, parts);
  }
  const chosen = [...chosenOf(first.value, choose)];
  if (chosen.length === 0) throw notAcceptable(engine, target, representation, first.value[0]!);
  const isPartial = chosen.length < first.value.length;
  const warning = ['warning', '299 gantry: Some instances are not acceptable'] as const;
  const isWhole = chosen.length === 1 || chosen.every(isStored);
  await respondParts(
    context,
    {
      ...response,
      status: isPartial ? 206 : 200,
      headers: isPartial ? [...headers, warning] : headers,
    },
    isWhole
      ? await Promise.all(chosen.map((instance) => openPart(engine, instance)))
      : partsOf(engine, chosen),
  );
}

async function respondOne(
  engine: Engine,
  context: RequestContext,
  instance: OutgoingInstance,
  etag: string,
): Promise<void> {
  const { contentType, body } = await openPart(engine, instance);
  const headers: HttpHeaders = [
    ['content-type', contentType],
    ['content-disposition', `attachment; filename="${instance.record.sopInstanceUid}.dcm"`],
    ['etag', etag],
  ];
  await respondSingle(context, 200, headers, body);
}

/**
 * The parts of many instances. One that fails before its first byte is left out and the others follow; the response then breaks
 * off at its end, so that no client takes it for whole.
 */
function* partsOf(
  engine: Engine,
  instances: Iterable<OutgoingInstance>,
): Generator<Promise<ResponsePart | undefined>> {
  let failure: unknown;
  const open = async (instance: OutgoingInstance): Promise<ResponsePart | undefined> => {
    try {
      return await openPart(engine, instance);
    } catch (error) {
      failure = error;
      return undefined;
    }
  };
  yield* startedAhead(instances, open, instancesAhead);
  if (failure !== undefined) throw toGantryError(failure);
}

function* chosenOf(
  records: Iterable<InstanceRecord>,
  choose: (record: InstanceRecord) => OutgoingInstance | undefined,
): Generator<OutgoingInstance> {
  for (const record of records) {
    const chosen = choose(record);
    if (chosen !== undefined) yield chosen;
  }
}

function* concatenated(
  head: readonly (readonly InstanceRecord[])[],
  rest: Iterator<readonly InstanceRecord[]>,
): Generator<InstanceRecord> {
  for (const page of head) yield* page;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield* next.value;
}

/** The error that says why the first transfer syntax the client takes is none that the instance can be had in. */
function notAcceptable(
  engine: Engine,
  { partition }: RetrieveTarget,
  { transferSyntaxUids }: InstanceRepresentation,
  record: InstanceRecord,
): GantryError {
  const [wanted = ''] = transferSyntaxUids === 'any' ? [] : transferSyntaxUids;
  const reason = engine.instanceTranscodingRefusal(partition, record, wanted);
  return new GantryError(
    'not-acceptable',
    `stored in transfer syntax ${record.transferSyntaxUid}, ask for it or for *; not in ${wanted}: ${reason}`,
  );
}
