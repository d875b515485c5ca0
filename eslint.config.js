import { createRequire } from 'node:module';
import tseslint from 'typescript-eslint';

const { allow, allowTypes } = createRequire(import.meta.url)('./layers.cjs');

// dependency-cruiser is the judge of layers; these rows show the same table in the editor, while the line is typed
const layerRules = Object.entries(allow).map(([layer, allowed]) => {
  const loaded = [layer, ...allowed];
  const named = [...loaded, ...(allowTypes[layer] ?? [])];
  // `regex`, because a `group` that begins with # is read as a comment and never matches
  const outside = (folders) =>
    `^#(?!(?:${folders.join('|')})(?:/|\\.))(?:native-bindings|engine|src|bench|test)/`;
  const mayImport = `${layer} may import only: ${allowed.join(', ') || 'nothing of ours'} (layers.cjs)`;
  return {
    files: [`${layer}/**/*.ts`, `${layer}.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: outside(named), message: mayImport },
            {
              regex: outside(loaded),
              allowTypeImports: true,
              message: `${mayImport}; here use import type`,
            },
            {
              regex: '\\.worker(\\.js)?$',
              allowTypeImports: true,
              message: 'worker entries are started by engine/threads, never imported',
            },
            {
              regex: '^(\\.\\./)+(native-bindings|engine|src|bench|test)/',
              message:
                'imports across top folders are written #folder/…, so that the layer shows in the line',
            },
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'data/**', '**/*.cjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-param-reassign': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration',
          message: 'no barrels: import from the file that declares it',
        },
        {
          selector: 'ExportDefaultDeclaration',
          message: 'no default exports, except in *.worker.ts',
        },
        {
          selector: 'PropertyDefinition[accessibility="private"]',
          message: 'use a #private field',
        },
        {
          selector: 'MethodDefinition[accessibility="private"][kind!="constructor"]',
          message: 'use a #private method',
        },
      ],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 70, skipComments: true, skipBlankLines: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          // the runner of node:test awaits what these return
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: [
                'test',
                'it',
                'describe',
                'suite',
                'before',
                'after',
                'beforeEach',
                'afterEach',
              ],
            },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      // interfaces here are taken apart ({ print }) and never rely on `this`
      '@typescript-eslint/unbound-method': 'off',
      // async without await is how an adapter in memory satisfies a port that waits elsewhere
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  ...layerRules,
  { files: ['**/*.worker.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['src/main.ts', 'bench/**/*.ts', 'test/helpers/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.generated.ts'], rules: { 'max-lines': 'off' } },
  // the parameters of a row are the columns of a table
  { files: ['engine/dicom/indexed-attributes.ts'], rules: { 'max-params': 'off' } },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    // a suite is one function of many tests
    rules: { 'max-lines-per-function': 'off' },
  },
);
