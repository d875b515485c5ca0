import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { ESLint } from 'eslint';
import { repositoryRoot } from '#test/helpers/repository.js';

const root = mkdtempSync(join(tmpdir(), 'gantry-lint-'));
after(() => rmSync(root, { recursive: true }));

const many = (count: number, line: string): string => `${line}\n`.repeat(count);

/** A rule, a file that breaks it, and nothing else of interest in it. */
const planted: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['max-lines', 'engine/base/long-file.ts', many(501, '// line')],
  [
    'max-lines-per-function',
    'engine/base/long-function.ts',
    `export function f(n: number): number {\nlet m = n;\n${many(71, 'm++;')}return m;\n}`,
  ],
  [
    'max-params',
    'engine/base/many-parameters.ts',
    'export const f = (a: number, b: number, c: number, d: number, e: number): number => a + b + c + d + e;',
  ],
  [
    '@typescript-eslint/no-explicit-any',
    'engine/base/any.ts',
    'export const f = (value: any): boolean => value === 1;',
  ],
  [
    '@typescript-eslint/no-floating-promises',
    'engine/base/floating.ts',
    'export function f(): void { Promise.resolve(1); }',
  ],
  [
    '@typescript-eslint/no-misused-promises',
    'engine/base/misused.ts',
    'export function f(): void { [1].forEach(async () => { await Promise.resolve(); }); }',
  ],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    'engine/base/switch.ts',
    "export function f(x: 'a' | 'b'): void { switch (x) { case 'a': break; } }",
  ],
  ['no-restricted-syntax', 'engine/base/default.ts', 'const x = 1; export default x;'],
  ['no-restricted-syntax', 'engine/base/barrel.ts', "export * from './default.js';"],
  ['no-warning-comments', 'engine/base/later.ts', `// TO${'DO'} later\nexport const x = 1;`],
  ['no-console', 'src/prints.ts', "console.log('x');"],
  [
    '@typescript-eslint/no-restricted-imports',
    'src/skips.ts',
    "import '#native-bindings/native.js';",
  ],
  [
    '@typescript-eslint/no-restricted-imports',
    'engine/base/relative.ts',
    "import '../../src/prints.js';",
  ],
];

test('every planted fault is reported by its lint rule', async () => {
  for (const path of ['eslint.config.js', 'layers.cjs', 'package.json', 'tsconfig.base.json']) {
    copyFileSync(join(repositoryRoot, path), join(root, path));
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  for (const folder of ['engine', 'src']) {
    mkdirSync(join(root, folder));
    copyFileSync(
      join(repositoryRoot, folder, 'tsconfig.json'),
      join(root, folder, 'tsconfig.json'),
    );
  }
  for (const [, path, text] of planted) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const results = await new ESLint({ cwd: root }).lintFiles(['.']);
  for (const [rule, path] of planted) {
    const messages = results.find(({ filePath }) => filePath === join(root, path))?.messages ?? [];
    assert.ok(
      messages.some(({ ruleId }) => ruleId === rule),
      `${path} does not break ${rule}: ${JSON.stringify(messages.map(({ message }) => message))}`,
    );
  }
});
