import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { configMarkdown } from '#src/config/describe-config.js';
import { withConformanceTables } from '#test/helpers/conformance-tables.js';
import {
  listRepositoryFiles,
  readRepositoryFile,
  repositoryRoot,
} from '#test/helpers/repository.js';

const documents = listRepositoryFiles().filter((path) => path.endsWith('.md'));

/** The text without fenced code, where # starts a comment. */
function proseOf(path: string): string {
  return readRepositoryFile(path).replace(/^```[\s\S]*?^```/gm, '');
}

function existsInRepository(path: string): boolean {
  return existsSync(join(repositoryRoot, path));
}

for (const path of documents) {
  test(`${path} has one title, and its links lead to files`, () => {
    const text = proseOf(path);
    assert.equal(text.match(/^# /gm)?.length, 1, 'one line starts with "# "');
    const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(
      ([, target]) => target ?? '',
    );
    const dead = targets.filter((target) => !existsInRepository(join(dirname(path), target)));
    assert.deepEqual(dead, []);
  });
}

for (const path of ['docs/ARCHITECTURE.md', 'docs/DATA_PATH.md']) {
  test(`the files that ${path} names exist`, () => {
    const names = [...proseOf(path).matchAll(/`([\w./-]+)`/g)].map(([, name]) => name ?? '');
    const paths = names.filter((name) => /^(native-bindings|engine|src|bench|test)\//.test(name));
    assert.ok(paths.length > 10, `${path} names files`);
    assert.deepEqual(
      paths.filter((name) => !existsInRepository(name)),
      [],
    );
  });
}

test('docs/CONFIGURATION.md is in step with the table of options', () => {
  assert.equal(
    readRepositoryFile('docs/CONFIGURATION.md'),
    configMarkdown(),
    'run `make generate`',
  );
});

test('docs/CONFORMANCE.md is in step with the tables in the code', () => {
  const document = readRepositoryFile('docs/CONFORMANCE.md');
  assert.equal(document, withConformanceTables(document), 'run `make generate`');
});

test('docs/DEPENDENCIES.md names every dependency and no other', () => {
  const { dependencies, devDependencies } = JSON.parse(readRepositoryFile('package.json')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const rows = [...readRepositoryFile('docs/DEPENDENCIES.md').matchAll(/^\| `([^`]+)` \|/gm)];
  assert.deepEqual(
    rows.map(([, name]) => name).sort(),
    [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort(),
  );
});

test('every environment variable of the product that a document names is an option', () => {
  const known = new Set(configMarkdown().match(/GANTRY_[A-Z_]+/g));
  known.add('GANTRY_TEST_CORPUS');
  for (const path of documents) {
    const unknown = (readRepositoryFile(path).match(/GANTRY_[A-Z_]+/g) ?? []).filter(
      (name) => !known.has(name),
    );
    assert.deepEqual(unknown, [], path);
  }
});
