import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { configOptions } from './config-options.js';
import type { ConfigFault, ConfigSource } from './load-config.js';

/** What a configuration file says, by option key, unchecked; and what in it is no option at all. */
export interface ConfigFileContent {
  readonly values: ReadonlyMap<string, unknown>;
  readonly faults: readonly ConfigFault[];
}

const keys = new Set<string>(configOptions.map((option) => option.key));
const groups = new Set<string>(configOptions.flatMap((option) => groupsOf(option.key)));

/** `http.tls.keyFile` → `http`, `http.tls`. */
function groupsOf(key: string): string[] {
  const steps = key.split('.');
  return steps.slice(0, -1).map((_, depth) => steps.slice(0, depth + 1).join('.'));
}

/** Reads JSON or YAML (JSON is YAML 1.2). Never throws: an unreadable file is a fault like others. */
export function readConfigFile(path: string): ConfigFileContent {
  const source: ConfigSource = { kind: 'file', name: path };
  const values = new Map<string, unknown>();
  const faults: ConfigFault[] = [];
  const addFault = (key: string, message: string): void => {
    faults.push({ key, source, message });
  };

  const visit = (node: object, prefix: string): void => {
    for (const [name, value] of Object.entries(node) as [string, unknown][]) {
      const key = `${prefix}${name}`;
      if (keys.has(key)) values.set(key, value);
      else if (!groups.has(key)) addFault(key, 'unknown key');
      else if (isMapping(value)) visit(value, `${key}.`);
      else addFault(key, 'must be a group of options');
    }
  };

  try {
    const content: unknown = parse(readFileSync(path, 'utf8'));
    if (isMapping(content)) visit(content, '');
    else if (content !== null) addFault('', 'must hold a mapping of options');
  } catch (error) {
    addFault('', error instanceof Error ? firstLine(error.message) : 'cannot be read');
  }
  return { values, faults };
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? message).replace(/:$/, '');
}
