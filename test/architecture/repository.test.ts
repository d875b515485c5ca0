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
  const pattern =
    /^[a-z0-9]+(-[a-z0-9]+)*(\.(worker|property|contract|bench|fuzz|generated))?(\.test)?\.ts$/;
  const odd = files.filter((path) => {
    const name = path.split('/').at(-1) ?? '';
    return path.endsWith('.ts') && !pattern.test(name);
  });
  assert.deepEqual(odd, []);
});

/** What of an entry of package-lock.json says which other packages `npm ci` will look for. */
interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const locked = (
  JSON.parse(readRepositoryFile('package-lock.json')) as {
    packages: Readonly<Record<string, LockedPackage>>;
  }
).packages;

/** The places where Node.js looks for `name` from within the package at `path`, nearest first. */
function lookupPaths(path: string, name: string): string[] {
  const folders = path
    .split('/node_modules/')
    .map((_, index, all) => all.slice(0, all.length - index).join('/node_modules/'));
  return [...folders.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`];
}

test('the lockfile holds every package that another one names, those of other platforms too', () => {
  const missing = Object.entries(locked).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter(
      (name) => !lookupPaths(path, name).some((candidate) => candidate in locked),
    ),
  );
  assert.deepEqual(missing, []);
});

test('every package that is not for another platform is fixed by a hash', () => {
  const unfixed = Object.entries(locked).filter(
    ([path, entry]) => path !== '' && entry.integrity === undefined && entry.optional !== true,
  );
  assert.deepEqual(unfixed, []);
});
