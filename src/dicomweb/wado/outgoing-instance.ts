import type { Engine } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { InstanceRepresentation } from './instance-representation.js';
import type { ResponsePart } from './parts-response.js';

/** An instance, and the transfer syntax that it leaves in. */
export interface OutgoingInstance {
  readonly partition: number;
  readonly record: InstanceRecord;
  readonly transferSyntaxUid: string;
}

/** As stored where the client takes that, else in the first of its transfer syntaxes that can be made; undefined when none can. */
export function toOutgoing(
  engine: Engine,
  partition: number,
  record: InstanceRecord,
  { transferSyntaxUids }: InstanceRepresentation,
): OutgoingInstance | undefined {
  const storedUid = record.transferSyntaxUid;
  if (transferSyntaxUids === 'any' || transferSyntaxUids.has(storedUid)) {
    return { partition, record, transferSyntaxUid: storedUid };
  }
  for (const transferSyntaxUid of transferSyntaxUids) {
    const refusal = engine.instanceTranscodingRefusal(partition, record, transferSyntaxUid);
    if (refusal === undefined) return { partition, record, transferSyntaxUid };
  }
  return undefined;
}

export function isStored({ record, transferSyntaxUid }: OutgoingInstance): boolean {
  return record.transferSyntaxUid === transferSyntaxUid;
}

/** Its bytes; of a transcoded instance when the first frame is made. */
export async function openPart(engine: Engine, instance: OutgoingInstance): Promise<ResponsePart> {
  const { partition, record, transferSyntaxUid } = instance;
  return {
    contentType: `application/dicom; transfer-syntax=${transferSyntaxUid}`,
    headers: [],
    body: isStored(instance)
      ? engine.retrieveInstance(partition, record)
      : await engine.transcodeInstance(partition, record, transferSyntaxUid),
  };
}
