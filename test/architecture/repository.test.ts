import assert from 'node:assert/strict';
import { extname } from 'node:path';
import { test } from 'node:test';
import { listRepositoryFiles, readRepositoryFile } from '#test/helpers/repository.js';

const textExtensions = new Set([
  '.ts',
  '.js',
  '.cjs',
  '.mjs',
  '.json',
  '.md',
  '.yml',
  '.yaml',
  '.sql',
  '.sh',
  '',
]);
const files = listRepositoryFiles().filter((path) => textExtensions.has(extname(path)));
const self = 'test/architecture/repository.test.ts';

/** What must not be committed, and a text that shows it. */
const forbidden: readonly (readonly [what: string, pattern: RegExp, example: string])[] = [
  ['a path of some machine', /(?<![\w.~*-])\/(work|home|Users|root)\/[\w.-]+/, 'see /home/me/x'],
  ['a merge conflict', /^(<{7}|>{7}) /m, '<<<<<<< ours'],
  ['a registry in the lockfile', /"resolved": "https?:/, '"resolved": "https://example/x.tgz"'],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/, '-----BEGIN PRIVATE KEY-----'],
];

for (const [what, pattern, example] of forbidden) {
  test(`no file holds ${what}`, () => {
    assert.match(example, pattern);
    const found = files.filter((path) => path !== self && pattern.test(readRepositoryFile(path)));
    assert.deepEqual(found, []);
  });
}

test('a source file has at most 500 lines unless it is generated', () => {
  const tooLong = files
    .filter((path) => /\.(ts|js|cjs)$/.test(path) && !path.includes('.generated.'))
    .filter((path) => readRepositoryFile(path).split('\n').length > 501);
  assert.deepEqual(tooLong, []);
});

test('src/main.ts stays a frame of at most 60 lines', () => {
  assert.ok(readRepositoryFile('src/main.ts').split('\n').length <= 61);
});

test('file names are kebab-case', () => {
  const pattern = /^[a-z0-9]+(-[a-z0-9]+)*(\.(worker|test|contract|bench|fuzz|generated))?\.ts$/;
  const odd = files.filter((path) => {
    const name = path.split('/').at(-1) ?? '';
    return path.endsWith('.ts') && !pattern.test(name);
  });
  assert.deepEqual(odd, []);
});
