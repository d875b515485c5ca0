import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgram } from '#src/cli/program.js';
import { isPasscode, parsePasscodeHash } from '#src/dimse/user-identity/passcode-hash.js';
import { ConfigError, type LoadedConfig } from '#src/config/load-config.js';

interface ProgramRun {
  readonly printed: string;
  readonly served: LoadedConfig | undefined;
  readonly withBanner: boolean | undefined;
}

async function runProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ProgramRun> {
  let printed = '';
  let served: LoadedConfig | undefined;
  let withBanner: boolean | undefined;
  const program = createProgram({
    env,
    isTerminal: false,
    print: (text) => (printed += text),
    printAside: () => undefined,
    readInput: () => Promise.resolve('geheim\nmore\n'),
    setExitCode: () => undefined,
    serve: async (loaded, options) => {
      served = loaded;
      withBanner = options.withBanner;
    },
  });
  await program.parseAsync([...args], { from: 'user' });
  return { printed, served, withBanner };
}

test('serve hands over the configuration out of flags and environment', async () => {
  const { served, withBanner } = await runProgram(
    ['serve', '--http-port', '9', '--ae-title=CT 1', '--insecure', '--log-pretty', 'false'],
    { GANTRY_DIMSE_PORT: '10' },
  );
  assert.deepEqual([served?.config.http.port, served?.config.dimse.port], [9, 10]);
  assert.equal(served?.config.dimse.aeTitle, 'CT 1');
  assert.deepEqual([served?.config.insecure, served?.config.log.pretty], [true, false]);
  assert.equal(withBanner, false);
});

test('hash-passcode prints a line of a file of users for the first line of its input', async () => {
  const { printed } = await runProgram(['hash-passcode', 'ward 3']);
  const [, text = ''] = /^ward 3:(\S+)\n$/.exec(printed) ?? [];
  const hash = parsePasscodeHash(text);
  assert.ok(hash !== undefined && (await isPasscode(Buffer.from('geheim'), hash)), printed);
  await assert.rejects(runProgram(['hash-passcode', 'a:b']), /no colon/);
});

test('the banner can be asked for', async () => {
  assert.equal((await runProgram(['serve', '--banner'])).withBanner, true);
});

test('a faulty configuration rejects', async () => {
  await assert.rejects(runProgram(['serve', '--http-port', 'x']), ConfigError);
  await assert.rejects(runProgram(['check-config', '--http-host', '0.0.0.0']), ConfigError);
});

test('check-config prints warnings', async () => {
  const { printed, served } = await runProgram(['check-config'], { GANTRY_NIX: '1' });
  assert.match(printed, /warning: .*GANTRY_NIX/);
  assert.equal(served, undefined);
});

test('print-config prints values with sources, or the schema', async () => {
  assert.match((await runProgram(['print-config'])).printed, /^http\.port +8080 +default$/m);
  const { printed } = await runProgram(['print-config', '--schema']);
  assert.equal((JSON.parse(printed) as { type: string }).type, 'object');
});

test('version names the product and its platform', async () => {
  assert.match((await runProgram(['version'])).printed, /^gantry \d+\.\d+\.\d+ \(node 2\d\./);
});
