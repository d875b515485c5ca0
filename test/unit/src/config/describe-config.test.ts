import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOptions } from '#src/config/config-options.js';
import { configJsonSchema, configMarkdown, describeConfig } from '#src/config/describe-config.js';
import { loadConfig } from '#src/config/load-config.js';

test('every option is printed with its value and its source', () => {
  const loaded = loadConfig({ env: { GANTRY_AE_TITLE: 'ARCHIVE' }, flags: new Map() });
  const lines = describeConfig(loaded).trimEnd().split('\n');
  assert.equal(lines.length, configOptions.length);
  assert.ok(lines.some((line) => /^dimse\.aeTitle +"ARCHIVE" +GANTRY_AE_TITLE$/.test(line)));
  assert.ok(lines.some((line) => /^http\.tls\.keyFile +\(not set\) +default$/.test(line)));
});

test('the schema nests as the file does and knows no other keys', () => {
  const schema = configJsonSchema() as {
    additionalProperties: boolean;
    properties: { http: { additionalProperties: boolean; properties: { port: object } } };
  };
  assert.equal(schema.additionalProperties, false);
  assert.equal(schema.properties.http.additionalProperties, false);
  assert.deepEqual(schema.properties.http.properties.port, {
    description: 'TCP port of HTTP; 0 takes any free one.',
    type: 'integer',
    minimum: 0,
    maximum: 65535,
    default: 8080,
  });
});

test('the document has a row for every option', () => {
  const rows = configMarkdown().match(/^\| `/gm);
  assert.equal(rows?.length, configOptions.length);
});

test('what depends on the machine is described, so that the document is the same everywhere', () => {
  assert.match(configMarkdown(), /`ingest\.parseThreads` \|.*\| cores − 1, at least 1 \|/);
});
