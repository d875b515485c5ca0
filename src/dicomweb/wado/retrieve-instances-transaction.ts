import { GantryError } from '#engine/base/error-catalogue.js';
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
import { respondParts, respondSingle, type ResponsePart } from './parts-response.js';

/**
 * Retrieve, PS3.18 §10.4.1.1.1: the instances of a study or series, or one instance, as Part 10 files as they are stored.
 * 206 with a warning when some are stored in transfer syntaxes that the client does not take, 406 when all are.
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
  const form = representation.isMultipart ? 'multipart' : 'single';
  const etag = etagOf(requireResource(engine, target), target, form);
  if (answerNotModified(context, etag)) return;
  const second = pages.next();
  if (!representation.isMultipart) {
    return respondOne(engine, context, { first: first.value, etag, representation });
  }
  const response = { partType: 'application/dicom', boundaryKey: etag };
  const headers: HttpHeaders = [['etag', etag]];
  if (second.done === true) {
    const taken = first.value.filter((record) => isTaken(representation, record));
    if (taken.length === 0) throw notAcceptable(first.value[0]!);
    const isPartial = taken.length < first.value.length;
    const warning = ['warning', '299 gantry: Some instances are not acceptable'] as const;
    const parts = taken.map((record) => partOf(engine, target, record));
    await respondParts(
      context,
      {
        ...response,
        status: isPartial ? 206 : 200,
        headers: isPartial ? [...headers, warning] : headers,
      },
      parts,
    );
    return;
  }
  const records = concatenated([first.value, second.value], pages);
  const parts = partsOf(engine, target, representation, records);
  await respondParts(context, { ...response, status: 200, headers }, parts);
}

function respondOne(
  engine: Engine,
  context: RequestContext,
  chosen: {
    readonly first: readonly InstanceRecord[];
    readonly etag: string;
    readonly representation: InstanceRepresentation;
  },
): Promise<void> {
  const [record, another] = chosen.first;
  if (another !== undefined) {
    throw new GantryError('not-acceptable', 'several instances are served as multipart/related');
  }
  if (!isTaken(chosen.representation, record!)) throw notAcceptable(record!);
  return respondSingle(
    context,
    200,
    [
      ['content-type', `application/dicom; transfer-syntax=${record!.transferSyntaxUid}`],
      ['content-disposition', `attachment; filename="${record!.sopInstanceUid}.dcm"`],
      ['etag', chosen.etag],
    ],
    engine.retrieveInstance(0, record!),
  );
}

function* partsOf(
  engine: Engine,
  target: RetrieveTarget,
  representation: InstanceRepresentation,
  records: Iterable<InstanceRecord>,
): Generator<ResponsePart> {
  for (const record of records) {
    if (isTaken(representation, record)) yield partOf(engine, target, record);
  }
}

function partOf(engine: Engine, target: RetrieveTarget, record: InstanceRecord): ResponsePart {
  return {
    contentType: `application/dicom; transfer-syntax=${record.transferSyntaxUid}`,
    headers: [],
    body: engine.retrieveInstance(target.partition, record),
  };
}

function* concatenated(
  head: readonly (readonly InstanceRecord[])[],
  rest: Iterator<readonly InstanceRecord[]>,
): Generator<InstanceRecord> {
  for (const page of head) yield* page;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield* next.value;
}

function isTaken(representation: InstanceRepresentation, record: InstanceRecord): boolean {
  const { transferSyntaxUids } = representation;
  return transferSyntaxUids === 'any' || transferSyntaxUids.has(record.transferSyntaxUid);
}

function notAcceptable(record: InstanceRecord): GantryError {
  return new GantryError(
    'not-acceptable',
    `stored in transfer syntax ${record.transferSyntaxUid}; ask for transfer-syntax=*`,
  );
}
