import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  ConfigError,
  loadConfig,
  type ConfigFault,
  type ConfigInput,
  type LoadedConfig,
} from '#src/config/load-config.js';

const folder = mkdtempSync(join(tmpdir(), 'gantry-config-'));
after(() => rmSync(folder, { recursive: true }));
let fileCount = 0;

function writeConfig(text: string, extension = 'yaml'): string {
  const path = join(folder, `config-${++fileCount}.${extension}`);
  writeFileSync(path, text);
  return path;
}

function load({ env = {}, flags = {}, ...rest }: LoadInput = {}): LoadedConfig {
  return loadConfig({ env, flags: new Map(Object.entries(flags)), ...rest });
}

interface LoadInput extends Partial<Omit<ConfigInput, 'flags'>> {
  readonly flags?: Readonly<Record<string, string>>;
}

function faultsOf(input: LoadInput): readonly ConfigFault[] {
  try {
    load(input);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults;
  }
  assert.fail('the configuration was accepted');
}

const keysOf = (faults: readonly ConfigFault[]): string[] => faults.map((fault) => fault.key);

describe('values', () => {
  test('the defaults are those that other programs rely on', () => {
    const { config, sources } = load();
    assert.equal(config.dataDir, './data');
    assert.deepEqual([config.http.host, config.http.port], ['127.0.0.1', 8080]);
    assert.deepEqual(
      [config.dimse.host, config.dimse.port, config.dimse.aeTitle],
      ['127.0.0.1', 11112, 'GANTRY'],
    );
    assert.equal(sources.get('http.port')?.kind, 'default');
  });

  test('the fixed variables and flags set what they say', () => {
    const env = {
      GANTRY_DATA_DIR: '/data',
      GANTRY_HTTP_PORT: '1',
      GANTRY_DIMSE_PORT: '2',
      GANTRY_AE_TITLE: 'A',
    };
    const byEnv = load({ env }).config;
    assert.deepEqual(
      [byEnv.dataDir, byEnv.http.port, byEnv.dimse.port, byEnv.dimse.aeTitle],
      ['/data', 1, 2, 'A'],
    );
    const flags = {
      '--data-dir': '/other',
      '--http-port': '3',
      '--dimse-port': '4',
      '--ae-title': 'B',
    };
    const byFlag = load({ env, flags }).config;
    assert.deepEqual(
      [byFlag.dataDir, byFlag.http.port, byFlag.dimse.port, byFlag.dimse.aeTitle],
      ['/other', 3, 4, 'B'],
    );
  });

  test('flags win over the environment, that over the file, that over the default', () => {
    const configFile = writeConfig(
      '{"http": {"port": 1}, "index": {"threads": 2}, "insecure": true}',
    );
    const env = { GANTRY_HTTP_PORT: '3', GANTRY_INDEX_THREADS: '4' };
    const { config, sources } = load({ configFile, env, flags: { '--http-port': '5' } });
    assert.deepEqual([config.http.port, config.index.threads, config.insecure], [5, 4, true]);
    assert.deepEqual(sources.get('http.port'), { kind: 'flag', name: '--http-port' });
    assert.deepEqual(sources.get('index.threads'), { kind: 'env', name: 'GANTRY_INDEX_THREADS' });
    assert.deepEqual(sources.get('insecure'), { kind: 'file', name: configFile });
  });

  test('the file may be named by GANTRY_CONFIG and may be YAML', () => {
    const path = writeConfig('dimse:\n  acceptedCallingAes: [CT1, MR2]\n');
    assert.deepEqual(load({ env: { GANTRY_CONFIG: path } }).config.dimse.acceptedCallingAes, [
      'CT1',
      'MR2',
    ]);
  });

  test('an empty file changes nothing', () => {
    assert.deepEqual(load({ configFile: writeConfig('# nothing yet\n') }).config, load().config);
  });

  test('lists are separated by commas in text', () => {
    const flags = {
      '--http-cors-origins': 'https://a.example, http://b.example:3000',
      '--remote-aes': 'DEST@127.0.0.1:104,SIX@[::1]:105',
    };
    const { config } = load({ flags });
    assert.deepEqual(config.http.corsOrigins, ['https://a.example', 'http://b.example:3000']);
    const rest = { tls: false, verbs: ['echo', 'store', 'find', 'move', 'get'], addresses: [] };
    assert.deepEqual(config.remoteAes, [
      { aeTitle: 'DEST', host: '127.0.0.1', port: 104, ...rest },
      { aeTitle: 'SIX', host: '::1', port: 105, ...rest },
    ]);
    assert.deepEqual(load({ flags: { '--remote-aes': '' } }).config.remoteAes, []);
  });

  test('every level is frozen', () => {
    const { config } = load({ flags: { '--remote-aes': 'A@h:1' } });
    for (const node of [
      config,
      config.http,
      config.http.tls,
      config.remoteAes,
      config.remoteAes[0],
    ]) {
      assert.ok(Object.isFrozen(node));
    }
  });
});

describe('faults', () => {
  test('all are reported at once, each with its source', () => {
    const configFile = writeConfig('http: {port: 70000, nix: 1}\nfoo: 2\n');
    const faults = faultsOf({
      configFile,
      env: { GANTRY_DIMSE_PORT: 'x' },
      flags: { '--log-level': 'loud' },
    });
    assert.deepEqual(keysOf(faults).sort(), [
      'dimse.port',
      'foo',
      'http.nix',
      'http.port',
      'log.level',
    ]);
    const sourceOf = (key: string): string | undefined =>
      faults.find((fault) => fault.key === key)?.source.name;
    assert.equal(sourceOf('http.port'), configFile);
    assert.equal(sourceOf('dimse.port'), 'GANTRY_DIMSE_PORT');
    assert.equal(sourceOf('log.level'), '--log-level');
  });

  test('the message of the error names every fault', () => {
    const error = new ConfigError([
      { key: 'a', source: { kind: 'env', name: 'GANTRY_A' }, message: 'is wrong' },
      { key: '', source: { kind: 'file', name: 'f.yaml' }, message: 'cannot be read' },
    ]);
    assert.match(error.message, /a: is wrong \(GANTRY_A\)\n {2}file: cannot be read \(f\.yaml\)/);
  });

  test('a value that is overridden is checked all the same', () => {
    const configFile = writeConfig('http: {port: -1}');
    assert.deepEqual(keysOf(faultsOf({ configFile, flags: { '--http-port': '1' } })), [
      'http.port',
    ]);
  });

  const rejected: readonly (readonly [what: string, yaml: string, key: string])[] = [
    ['a fraction for a whole number', 'http: {port: 1.5}', 'http.port'],
    ['text for a number', 'http: {port: "1"}', 'http.port'],
    ['null for a value', 'dataDir: null', 'dataDir'],
    ['an empty data directory', 'dataDir: ""', 'dataDir'],
    ['a value for a group', 'http: 4', 'http'],
    ['a group for a value', 'dataDir: {a: 1}', 'dataDir'],
    ['an AE title of 17 characters', 'dimse: {aeTitle: ABCDEFGHIJKLMNOPQ}', 'dimse.aeTitle'],
    ['an AE title with a backslash', "dimse: {aeTitle: 'A\\B'}", 'dimse.aeTitle'],
    ['an AE title of spaces', 'dimse: {aeTitle: "   "}', 'dimse.aeTitle'],
    [
      'an unknown key of a list item',
      'remoteAes: [{aeTitle: A, host: h, port: 1, x: 1}]',
      'remoteAes',
    ],
    ['a list item without port', 'remoteAes: [{aeTitle: A, host: h}]', 'remoteAes'],
    ['an origin with a path', 'http: {corsOrigins: ["https://a/b"]}', 'http.corsOrigins'],
    [
      'a base URL with a slash at its end',
      'http: {publicBaseUrl: "https://a/"}',
      'http.publicBaseUrl',
    ],
    ['a key twice', 'dataDir: a\ndataDir: b', ''],
    ['a list as file', '[1]', ''],
    ['broken syntax', 'a: [1', ''],
  ];
  for (const [what, yaml, key] of rejected) {
    test(`${what} is rejected`, () => {
      assert.deepEqual(keysOf(faultsOf({ configFile: writeConfig(yaml) })), [key]);
    });
  }

  test('a file that is not there is a fault, and others are still reported', () => {
    const faults = faultsOf({
      configFile: join(folder, 'missing.yaml'),
      flags: { '--http-port': 'x' },
    });
    assert.deepEqual(keysOf(faults), ['', 'http.port']);
  });

  test('a variable that looks like an option is warned of, not refused', () => {
    const { warnings } = load({ env: { GANTRY_HTTP_PROT: '1', GANTRY_HTTP_PORT: '1', HOME: 'x' } });
    assert.deepEqual(warnings, [
      'environment variable GANTRY_HTTP_PROT is not an option and was ignored',
    ]);
  });
});
