import type { Logger } from '#engine/base/logger.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import { commandField } from '#engine/dimse/command-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type { AcceptedAssociation } from '../service-provider.js';
import { findMatches } from './find-matches.js';
import type { QueryRetrieveEngine } from './find-matches.js';
import { parseFindRequest } from './find-request.js';
import { makeFindResponse } from './find-response.js';
import { QueryRetrieveScp } from './query-retrieve-scp.js';
import type { FinalResponse, QueryRetrieveOperation } from './query-retrieve-scp.js';

/** What query and retrieve need beyond their association. */
export interface QueryRetrieveDependencies {
  readonly engine: QueryRetrieveEngine;
  /** Our AE title, which answers name to retrieve from. */
  readonly aeTitle: string;
  readonly logger: Logger;
}

/**
 * C-FIND SCP of the Query/Retrieve service class, PS3.4 §C.4.1. Responses are made as the peer takes them, a few dozen records in
 * memory at a time.
 */
export class CFindScp extends QueryRetrieveScp {
  override readonly commandField = commandField.cFindRequest;
  readonly #association: AcceptedAssociation;
  readonly #dependencies: QueryRetrieveDependencies;

  constructor(association: AcceptedAssociation, dependencies: QueryRetrieveDependencies) {
    super(association, 'find', dependencies.logger);
    this.#association = association;
    this.#dependencies = dependencies;
  }

  protected override async perform(operation: QueryRetrieveOperation): Promise<FinalResponse> {
    const { request, identifier, model, options, signal } = operation;
    const { engine, aeTitle } = this.#dependencies;
    const { transferSyntaxUid } = request.context;
    const find = parseFindRequest(identifier, model, options);
    const status = find.hasUnsupportedKeys
      ? dimseStatus.pendingWithUnsupportedKeys
      : dimseStatus.pending;
    for await (const matches of findMatches(engine, find, signal)) {
      for (const match of matches) {
        const response = makeFindResponse(find, match, aeTitle);
        const bytes = encodeDataSet(response, transferSyntaxUid);
        this.#association.respondPending(request, { status }, bytes);
      }
      await this.#association.whenWritable();
      if (signal.aborted) return { elements: { status: dimseStatus.cancel } };
    }
    return { elements: { status: dimseStatus.success } };
  }
}
