import { checkConfig } from './check-config.js';
import { readConfigFile } from './config-file.js';
import { configOptions, type Config, type ConfigKey, type ConfigOption } from './config-options.js';

/** Where the value of an option came from; `name` is the file, the variable or the flag. */
export interface ConfigSource {
  readonly kind: 'default' | 'file' | 'env' | 'flag';
  readonly name: string;
}

export interface ConfigFault {
  /** What is wrong: a key of the table, a key of the file, or empty when it is the file itself. */
  readonly key: string;
  readonly source: ConfigSource;
  readonly message: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly sources: ReadonlyMap<ConfigKey, ConfigSource>;
  /** Things that look like mistakes but may belong to someone else. */
  readonly warnings: readonly string[];
}

export interface ConfigInput {
  /** The process environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text given on the command line, by flag name (`--http-port`). */
  readonly flags: ReadonlyMap<string, string>;
  /** Path given by `--config`; `GANTRY_CONFIG` stands in when absent. */
  readonly configFile?: string;
}

/** Every fault of a configuration at once, one line each. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map(
      (fault) => `  ${fault.key || 'file'}: ${fault.message} (${fault.source.name})`,
    );
    super(['the configuration is not usable:', ...lines].join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Flags win over the environment, that over the file, that over defaults. Throws one `ConfigError` for all faults. */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const faults: ConfigFault[] = [];
  const path = input.configFile ?? input.env['GANTRY_CONFIG'];
  const file = path === undefined || path === '' ? undefined : readConfigFile(path);
  faults.push(...(file?.faults ?? []));

  const values = new Map<string, unknown>();
  const sources = new Map<ConfigKey, ConfigSource>();
  for (const option of configOptions) {
    const chosen = candidatesOf(option, input, file?.values, path)
      .map((candidate) => checkCandidate(option, candidate, faults))
      .reduce((_, last) => last);
    values.set(option.key, chosen.value);
    sources.set(option.key, chosen.source);
  }

  const config = buildTree(values) as Config;
  const faultyKeys = new Set(faults.map((fault) => fault.key));
  for (const { key, message } of checkConfig(config, faultyKeys)) {
    faults.push({ key, message, source: sources.get(key) ?? defaultSource });
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return { config, sources, warnings: findUnknownVariables(input.env) };
}

const defaultSource: ConfigSource = { kind: 'default', name: 'default' };

interface Candidate {
  readonly value: unknown;
  readonly source: ConfigSource;
}

/** What each source says of one option, weakest first. */
function candidatesOf(
  option: ConfigOption,
  input: ConfigInput,
  fileValues: ReadonlyMap<string, unknown> | undefined,
  filePath: string | undefined,
): Candidate[] {
  const candidates: Candidate[] = [{ value: option.default, source: defaultSource }];
  if (fileValues?.has(option.key) === true) {
    candidates.push({
      value: fileValues.get(option.key),
      source: { kind: 'file', name: filePath ?? '' },
    });
  }
  const variable = input.env[option.env];
  if (variable !== undefined) {
    candidates.push({
      value: option.type.parseText(variable),
      source: { kind: 'env', name: option.env },
    });
  }
  const flag = input.flags.get(option.flag);
  if (flag !== undefined) {
    candidates.push({
      value: option.type.parseText(flag),
      source: { kind: 'flag', name: option.flag },
    });
  }
  return candidates;
}

/** A value that is overridden is checked all the same: it would fail the day the override goes away. */
function checkCandidate(
  option: ConfigOption,
  candidate: Candidate,
  faults: ConfigFault[],
): Candidate {
  const parsed = option.type.schema.safeParse(candidate.value);
  if (parsed.success) return { value: parsed.data, source: candidate.source };
  for (const issue of parsed.error.issues) {
    const at = issue.path.length === 0 ? '' : `[${issue.path.join('.')}] `;
    faults.push({
      key: option.key,
      source: candidate.source,
      message: `${at}${lowerFirst(issue.message)}`,
    });
  }
  return { value: option.default, source: candidate.source };
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** Nests `a.b` keys and freezes every level. */
function buildTree(values: ReadonlyMap<string, unknown>): object {
  const root: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const path = key.split('.');
    const last = path.pop() ?? key;
    let node = root;
    for (const step of path) node = (node[step] ??= {}) as Record<string, unknown>;
    node[last] = structuredClone(value);
  }
  return deepFreeze(root);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** Not a fault: an orchestrator sets variables of its own after the name of a service. */
function findUnknownVariables(env: ConfigInput['env']): string[] {
  const known = new Set<string>(['GANTRY_CONFIG', ...configOptions.map((option) => option.env)]);
  return Object.keys(env)
    .filter((name) => name.startsWith('GANTRY_') && !known.has(name))
    .map((name) => `environment variable ${name} is not an option and was ignored`);
}
