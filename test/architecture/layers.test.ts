import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { repositoryRoot } from '#test/helpers/repository.js';

const depcruise = join(repositoryRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const temporaryFolders: string[] = [];
after(() => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true });
});

/** `rule` was broken by `file`; rules and paths as dependency-cruiser names them. */
interface Violation {
  readonly rule: string;
  readonly file: string;
}

async function cruise(root: string, folders: readonly string[]): Promise<Violation[]> {
  const args = [
    depcruise,
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    ...folders,
  ];
  // exit code: number of violations
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: unknown) => error as { stdout: string });
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  return summary.violations.map(({ from, rule }) => ({ rule: rule.name, file: from }));
}

/** A repository of nothing but `files`, judged by the real rules. */
function plant(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'gantry-layers-'));
  temporaryFolders.push(root);
  for (const name of [
    '.dependency-cruiser.cjs',
    'layers.cjs',
    'package.json',
    'tsconfig.base.json',
  ]) {
    copyFileSync(join(repositoryRoot, name), join(root, name));
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** Targets that planted files import. */
const stubs = {
  'native-bindings/native.ts': 'export const x = 1;',
  'engine/base/base.ts': 'export const x = 1;',
  'engine/store/store.ts': 'export const x = 1; export type X = number;',
  'engine/store/store.worker.ts': 'export const x = 1;',
  'engine/pipeline/verb.ts': 'export const x = 1;',
  'engine/codec/codec.ts': 'export const x = 1;',
  'src/product.ts': 'export const x = 1;',
  'src/dicomweb/door.ts': 'export const x = 1;',
  'test/helper.ts': 'export const x = 1;',
  'engine/base/cycle-b.ts':
    "import { a } from '#engine/base/cycle-a.js'; export const b = (): number => a();",
};

const planted: readonly (Violation & { readonly text: string })[] = [
  {
    rule: 'layer:src',
    file: 'src/skips-the-engine.ts',
    text: "import { x } from '#native-bindings/native.js'; export const y = x;",
  },
  {
    rule: 'layer:src',
    file: 'src/looks-into-the-engine.ts',
    text: "import { x } from '#engine/pipeline/verb.js'; export const y = x;",
  },
  {
    rule: 'types-only:src',
    file: 'src/loads-what-it-may-only-name.ts',
    text: "import { x } from '#engine/store/store.js'; export const y = x;",
  },
  {
    rule: 'layer:engine/base',
    file: 'engine/base/goes-up.ts',
    text: "import { x } from '#src/product.js'; export const y = x;",
  },
  {
    rule: 'layer:engine/dicom',
    file: 'engine/dicom/goes-sideways.ts',
    text: "import { x } from '../store/store.js'; export const y = x;",
  },
  {
    rule: 'door:dimse',
    file: 'src/dimse/knows-the-other-door.ts',
    text: "import { x } from '#src/dicomweb/door.js'; export const y = x;",
  },
  {
    rule: 'product-does-not-import-tests',
    file: 'src/uses-a-test.ts',
    text: "import { x } from '#test/helper.js'; export const y = x;",
  },
  {
    rule: 'no-cycle',
    file: 'engine/base/cycle-a.ts',
    text: "import { b } from './cycle-b.js'; export const a = (): number => b();",
  },
  {
    rule: 'worker-entry-is-started-not-imported',
    file: 'engine/store/imports-an-entry.ts',
    text: "import { x } from './store.worker.js'; export const y = x;",
  },
  {
    rule: 'native-packages-only-in-native-bindings',
    file: 'engine/store/loads-native-code.ts',
    text: "import duckdb from '@duckdb/node-api'; export const y = duckdb;",
  },
  {
    rule: 'threads-only-in-engine-threads',
    file: 'engine/pipeline/starts-a-thread.ts',
    text: "import { Worker } from 'node:worker_threads'; export const y = Worker;",
  },
  {
    rule: 'threads-only-in-engine-threads',
    file: 'src/starts-a-pool.ts',
    text: "import { Piscina } from 'piscina'; export const y = Piscina;",
  },
  {
    rule: 'sockets-only-in-engine-transport',
    file: 'src/dimse/opens-a-socket.ts',
    text: "import { connect } from 'node:net'; export const y = connect;",
  },
  {
    rule: 'no-unresolved-import',
    file: 'engine/base/imports-nothing.ts',
    text: "import { x } from '#engine/base/missing.js'; export const y = x;",
  },
];

const allowed: Readonly<Record<string, string>> = {
  'src/names-a-type.ts': "import type { X } from '#engine/store/store.js'; export type Y = X;",
  'engine/store/names-a-port.ts':
    "import type { MessagePort } from 'node:worker_threads'; export type Y = MessagePort;",
  'engine/threads/starts-a-thread.ts':
    "import { Worker } from 'node:worker_threads'; export const y = Worker;",
  'engine/store/uses-below.ts':
    "import { x } from '#engine/base/base.js'; import { x as z } from '#native-bindings/native.js'; export const y = [x, z];",
};

test('imports of the tree go in the allowed direction', async () => {
  const folders = ['native-bindings', 'engine', 'src', 'bench', 'test'];
  assert.deepEqual(await cruise(repositoryRoot, folders), []);
});

test('every planted violation is reported, and nothing that is allowed', async () => {
  const files = Object.fromEntries(planted.map(({ file, text }) => [file, text]));
  const violations = await cruise(plant({ ...stubs, ...allowed, ...files }), [
    'native-bindings',
    'engine',
    'src',
  ]);
  for (const { rule, file } of planted) {
    const found = violations.some(
      (violation) => violation.rule === rule && violation.file === file,
    );
    assert.ok(found, `${file} does not break ${rule}; reported: ${JSON.stringify(violations)}`);
  }
  for (const file of Object.keys(allowed)) {
    assert.deepEqual(
      violations.filter((violation) => violation.file === file),
      [],
    );
  }
});
