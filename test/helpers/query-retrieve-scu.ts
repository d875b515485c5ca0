import type { TestContext } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { commandField } from '#engine/dimse/command-set.js';
import type { CommandSet } from '#engine/dimse/command-set.js';
import type { ExtendedNegotiation } from '#engine/upper-layer/user-information.js';
import { informationModels } from '#src/dimse/query-retrieve/information-models.js';
import { defaultScuTimeouts, requestAssociation } from '#src/dimse/scu/association-requestor.js';
import type { ContextProposal } from '#src/dimse/scu/association-requestor.js';
import type { RequestedAssociation } from '#src/dimse/scu/requested-association.js';
import type { ServiceAssociation, ServiceProvider } from '#src/dimse/service-provider.js';

export const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1';
export const studyRootMove = '1.2.840.10008.5.1.4.1.2.2.2';
export const studyRootGet = '1.2.840.10008.5.1.4.1.2.2.3';
export const patientRootFind = '1.2.840.10008.5.1.4.1.2.1.1';
export const patientRootGet = '1.2.840.10008.5.1.4.1.2.1.3';

const commandFields = {
  find: commandField.cFindRequest,
  get: commandField.cGetRequest,
  move: commandField.cMoveRequest,
};

export interface ScuAnswer {
  readonly status: number;
  readonly command: CommandSet;
  /** Of the last response. */
  readonly identifier: JsonDataSet | undefined;
  readonly pending: readonly { readonly command: CommandSet; readonly identifier?: JsonDataSet }[];
}

export interface AskOptions {
  readonly sopClassUid?: string;
  readonly moveDestination?: string;
  /** Called after each pending response; `cancel` sends C-CANCEL. */
  readonly onPending?: (count: number, cancel: () => void) => void;
}

export interface QueryScuOptions {
  readonly transferSyntaxUid?: string;
  readonly extendedNegotiations?: readonly ExtendedNegotiation[];
  /** Contexts on which instances are taken, for C-GET. */
  readonly storageContexts?: readonly ContextProposal[];
  /** Status to answer instances with. */
  readonly storeStatus?: (sopInstanceUid: string) => number;
}

/** An instance that arrived by C-STORE of a C-GET. */
export interface TakenInstance {
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly dataSet: Buffer;
}

/** Asks a service for C-FIND, C-GET and C-MOVE on one association; aborted when the test ends. */
export class QueryScu {
  readonly association: RequestedAssociation;
  readonly taken: readonly TakenInstance[];

  private constructor(association: RequestedAssociation, taken: readonly TakenInstance[]) {
    this.association = association;
    this.taken = taken;
  }

  static async associate(
    t: TestContext,
    port: number,
    options: QueryScuOptions = {},
  ): Promise<QueryScu> {
    const transferSyntaxUids = [options.transferSyntaxUid ?? '1.2.840.10008.1.2.1'];
    const { storageContexts = [] } = options;
    const taken: TakenInstance[] = [];
    const association = await requestAssociation({
      target: {
        ...{ host: '127.0.0.1', port },
        ...{ calledAeTitle: 'GANTRY', callingAeTitle: 'QUERYSCU' },
      },
      proposal: {
        contexts: [
          ...informationModels.map(({ sopClassUid }) => ({
            abstractSyntaxUid: sopClassUid,
            transferSyntaxUids,
          })),
          ...storageContexts,
        ],
        roleSelections: storageContexts.map(({ abstractSyntaxUid: sopClassUid }) => ({
          ...{ sopClassUid, isScu: false, isScp: true },
        })),
        extendedNegotiations: options.extendedNegotiations ?? [],
        services: [(view) => createTaker(view, taken, options.storeStatus ?? (() => 0))],
      },
      timeouts: defaultScuTimeouts,
      maximumLengthBytes: 16_384,
      logger: silentLogger,
    });
    t.after(() => association.abort());
    return new QueryScu(association, taken);
  }

  find(identifier: Record<string, string>, options: AskOptions = {}): Promise<ScuAnswer> {
    return this.ask('find', keys(identifier), { sopClassUid: studyRootFind, ...options });
  }

  get(identifier: Record<string, string>, options: AskOptions = {}): Promise<ScuAnswer> {
    return this.ask('get', keys(identifier), { sopClassUid: studyRootGet, ...options });
  }

  move(identifier: Record<string, string>, options: AskOptions = {}): Promise<ScuAnswer> {
    const withDestination = { sopClassUid: studyRootMove, moveDestination: 'DEST', ...options };
    return this.ask('move', keys(identifier), withDestination);
  }

  async ask(
    service: 'find' | 'get' | 'move',
    identifier: JsonDataSet,
    { sopClassUid = studyRootFind, moveDestination, onPending }: AskOptions,
  ): Promise<ScuAnswer> {
    const context = this.association.findContext(sopClassUid);
    if (context === undefined) throw new Error(`no context for ${sopClassUid}`);
    const decode = (dataSet: Uint8Array | undefined): { identifier?: JsonDataSet } =>
      dataSet === undefined
        ? {}
        : { identifier: decodeDataSet(dataSet, context.transferSyntaxUid) };
    const pending: { readonly command: CommandSet; readonly identifier?: JsonDataSet }[] = [];
    let messageId = 0;
    const cancel = (): void => {
      const messageIdBeingRespondedTo = messageId;
      void this.association.notify(context, {
        commandField: commandField.cCancelRequest,
        messageIdBeingRespondedTo,
      });
    };
    const { status, command, dataSet } = await this.association.invoke({
      context,
      command: {
        commandField: commandFields[service],
        affectedSopClassUid: sopClassUid,
        priority: 0,
        ...(moveDestination !== undefined && { moveDestination }),
      },
      dataSet: encodeDataSet(identifier, context.transferSyntaxUid),
      onMessageId: (id) => (messageId = id),
      onPending: (response) => {
        pending.push({ command: response.command, ...decode(response.dataSet) });
        onPending?.(pending.length, cancel);
      },
    });
    return { status, command, identifier: decode(dataSet).identifier, pending };
  }
}

const vrByTag: Readonly<Record<string, string>> = {
  '00080018': 'UI',
  '0020000D': 'UI',
  '0020000E': 'UI',
  '00080020': 'DA',
  '00080030': 'TM',
  '00100010': 'PN',
  '00200013': 'IS',
  '00201200': 'IS',
  '00201202': 'IS',
  '00201204': 'IS',
  '00201206': 'IS',
  '00201208': 'IS',
  '00201209': 'IS',
};

/** An identifier of texts by tag; an empty text makes an empty element. */
export function keys(texts: Record<string, string>): JsonDataSet {
  return Object.fromEntries(
    Object.entries(texts).map(([tag, text]) => {
      const vr = vrByTag[tag] ?? 'LO';
      if (text === '') return [tag, { vr }];
      return [tag, { vr, Value: vr === 'PN' ? [{ Alphabetic: text }] : text.split('\\') }];
    }),
  );
}

function createTaker(
  association: ServiceAssociation,
  taken: TakenInstance[],
  storeStatus: (sopInstanceUid: string) => number,
): ServiceProvider {
  return {
    commandField: commandField.cStoreRequest,
    begin: (request) => {
      const pieces: Buffer[] = [];
      return {
        write: (bytes) => pieces.push(Buffer.from(bytes)),
        end: () => {
          const sopInstanceUid = request.command.affectedSopInstanceUid ?? '';
          const { transferSyntaxUid } = request.context;
          taken.push({ sopInstanceUid, transferSyntaxUid, dataSet: Buffer.concat(pieces) });
          association.respond(request, { status: storeStatus(sopInstanceUid) });
        },
      };
    },
    close: () => undefined,
  };
}
