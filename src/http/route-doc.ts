/** What a route does, for capabilities and the OpenAPI document; the route says the rest. */
export interface RouteDoc {
  /** Half a sentence. */
  readonly summary: string;
  /** Section of PS3.18, or another standard, that it follows. */
  readonly section?: string;
  readonly parameters?: readonly ParameterDoc[];
  /** Media types of the body that it takes. */
  readonly requestTypes?: readonly string[];
  /** Media types that it answers with; none where the answer has no body. */
  readonly responseTypes?: readonly string[];
  /** Statuses of success, and those of failure that are its own. */
  readonly statuses: readonly number[];
}

/** A parameter of the query string. */
export interface ParameterDoc {
  readonly name: string;
  readonly doc: string;
  /** Default: text. */
  readonly type?: 'string' | 'integer' | 'boolean';
}
