import { z } from 'zod';
import { configOptions, type Config, type ConfigKey, type ConfigOption } from './config-options.js';
import type { LoadedConfig } from './load-config.js';

/** One line an option: key, effective value as JSON, and where the value came from. */
export function describeConfig({ config, sources }: LoadedConfig): string {
  const rows = configOptions.map(({ key }) => {
    const source = sources.get(key);
    return [key, JSON.stringify(valueAt(config, key)) ?? '(not set)', source?.name ?? ''] as const;
  });
  const keyWidth = Math.max(...rows.map(([key]) => key.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  return rows
    .map(
      ([key, value, source]) => `${key.padEnd(keyWidth)}  ${value.padEnd(valueWidth)}  ${source}\n`,
    )
    .join('');
}

function valueAt(config: Config, key: ConfigKey): unknown {
  return key
    .split('.')
    .reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], config);
}

interface JsonSchemaGroup {
  type: 'object';
  additionalProperties: false;
  properties: Record<string, object>;
}

/** JSON Schema (2020-12) of a configuration file. */
export function configJsonSchema(): object {
  const root = emptyGroup();
  for (const option of configOptions) {
    const path = option.key.split('.');
    const last = path.pop() ?? option.key;
    let group = root;
    for (const step of path) group = (group.properties[step] ??= emptyGroup()) as JsonSchemaGroup;
    group.properties[last] = optionJsonSchema(option);
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Gantry configuration file',
    ...root,
  };
}

function emptyGroup(): JsonSchemaGroup {
  return { type: 'object', additionalProperties: false, properties: {} };
}

function optionJsonSchema(option: ConfigOption): object {
  const { $schema: _, ...schema } = z.toJSONSchema(option.type.schema, { io: 'input' });
  const hasFixedDefault = option.default !== undefined && option.defaultText === undefined;
  return {
    description: option.doc,
    ...schema,
    ...(hasFixedDefault ? { default: option.default } : {}),
  };
}

/** `docs/CONFIGURATION.md`. */
export function configMarkdown(): string {
  return `# Configuration

<!-- Made from src/config/config-options.ts by \`make generate\`; edit the table there. -->

A value may be given by a flag, by an environment variable or in a file; the first of them wins, in this order, and what is
given nowhere has its default. The file is named by \`--config\` or \`GANTRY_CONFIG\` and is YAML or JSON, nested as the keys
say:

\`\`\`yaml
dataDir: /var/lib/gantry
http:
  port: 8080
remoteAes:
  - { aeTitle: VIEWER, host: 127.0.0.1, port: 11113 }
  - { aeTitle: CT1, host: 10.0.0.5, port: 104, verbs: [echo, store], addresses: [10.0.0.5] }
\`\`\`

Keys that are not in the table, values out of bounds and options that contradict each other stop the start; all faults are
reported at once. In the environment and on the command line, items of a list are separated by commas. Sizes are in bytes,
times in milliseconds.

\`gantry check-config\` checks without starting, \`gantry print-config\` shows each value with its source, and
\`gantry print-config --schema\` prints a JSON Schema of the file for editors.

| key | flag | environment variable | default | allowed | meaning |
| --- | --- | --- | --- | --- | --- |
${configOptions.map(markdownRow).join('\n')}

## Beyond loopback

Both services listen on 127.0.0.1 unless told otherwise. Callers are not authenticated yet, so an address that other machines
can reach is refused, with or without TLS, until \`insecure\` says that something in front of the server decides who comes in.
`;
}

function markdownRow(option: ConfigOption): string {
  const fallback = option.defaultText ?? code(JSON.stringify(option.default)) ?? '';
  const cells = [code(option.key), code(option.flag), code(option.env), fallback];
  return `| ${[...cells, describeAllowed(option), option.doc].map((cell) => cell?.replaceAll('|', '\\|') ?? '').join(' | ')} |`;
}

function code(value: string | undefined): string | undefined {
  return value === undefined ? undefined : `\`${value}\``;
}

function describeAllowed(option: ConfigOption): string {
  const schema = z.toJSONSchema(option.type.schema, { io: 'input' });
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'integer') return `${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return '`true`, `false`';
  return schema.type === 'array' ? 'list' : 'text';
}
