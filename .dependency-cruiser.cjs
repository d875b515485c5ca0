// Judges the direction of imports; the table is layers.cjs. `npx depcruise native-bindings engine src bench test`
const { allow, allowTypes } = require('./layers.cjs');

const ours = '^(native-bindings|engine|src|bench|test)(/|\\.)';
const inFolders = (folders) => folders.map((folder) => `^${folder}(/|\\.ts$)`);
/** `import type` disappears in the build: it ties names together, not running code. */
const isLoaded = { dependencyTypesNot: ['type-only'] };

const layerRules = Object.entries(allow).flatMap(([layer, allowed]) => {
  const from = { path: inFolders([layer]) };
  const typesOnly = allowTypes[layer] ?? [];
  return [
    {
      name: `layer:${layer}`,
      severity: 'error',
      from,
      to: { path: ours, pathNot: inFolders([layer, ...allowed, ...typesOnly]) },
    },
    {
      name: `types-only:${layer}`,
      severity: 'error',
      from,
      to: { path: inFolders(typesOnly), pathNot: inFolders(allowed), ...isLoaded },
    },
  ].filter((rule) => rule.to.path.length > 0);
});

/** Within src/: doors do not know each other. */
const doors = ['dicomweb', 'dimse', 'extensions'];
const doorRules = doors.map((door) => ({
  name: `door:${door}`,
  severity: 'error',
  from: { path: `^src/${door}/` },
  to: { path: doors.filter((other) => other !== door).map((other) => `^src/${other}/`) },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    ...doorRules,
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(native-bindings|engine|src)/' },
      to: { path: '^(bench|test)/' },
    },
    {
      name: 'bench-does-not-import-tests',
      severity: 'error',
      from: { path: '^bench/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: isLoaded },
    },
    {
      name: 'no-unresolved-import',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'worker-entry-is-started-not-imported',
      severity: 'error',
      from: {},
      to: { path: '\\.worker\\.ts$', ...isLoaded },
    },
    {
      name: 'native-packages-only-in-native-bindings',
      severity: 'error',
      from: { path: '^(engine|src)/' },
      to: {
        path: '(^|/)(@nxtedition/rocksdb|@duckdb/[^/]+|@cornerstonejs/[^/]+|uWebSockets\\.js)(/|$)',
      },
    },
    {
      name: 'threads-only-in-engine-threads',
      severity: 'error',
      from: {
        path: '^(native-bindings|engine|src)/',
        // engine-threads.ts lays the line between the store thread and the index thread
        pathNot: ['^engine/threads/', '\\.worker\\.ts$', '^engine/engine-threads\\.ts$'],
      },
      to: { path: '(^|/)(worker_threads|piscina)(/|$)', ...isLoaded },
    },
    {
      name: 'sockets-only-in-engine-transport',
      severity: 'error',
      from: {
        path: '^(native-bindings|engine|src)/',
        pathNot: ['^engine/transport/'],
      },
      to: { path: '^(http|https|http2|net|tls|dgram)$' },
    },
  ],
  options: {
    // with `source`, imports such as #engine/base/uid.js lead to the TypeScript file, so that no build is needed to judge it
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
