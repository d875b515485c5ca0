// The import table: folder -> folders it may import (itself is always allowed). Read by .dependency-cruiser.cjs, eslint.config.js
// and test/architecture. Direction: src -> engine -> native-bindings.
const anyThread = ['engine/base', 'engine/dicom'];

module.exports.allow = {
  'native-bindings': [],
  'engine/base': [],
  'engine/dicom': ['engine/base'],
  'engine/multipart': ['engine/base'],
  'engine/upper-layer': anyThread,
  'engine/dimse': [...anyThread, 'engine/upper-layer'],
  'engine/query': [...anyThread],
  'engine/store': [...anyThread, 'native-bindings'],
  'engine/index': [...anyThread, 'engine/query', 'engine/store', 'native-bindings'],
  'engine/codec': [...anyThread, 'native-bindings'],
  'engine/workers': [...anyThread, 'engine/codec'],
  'engine/threads': [...anyThread],
  'engine/transport': ['engine/base', 'native-bindings'],
  'engine/maintenance': [
    ...anyThread,
    'engine/store',
    'engine/index',
    'engine/threads/parse-pool',
    'native-bindings',
  ],
  'engine/pipeline': [
    ...anyThread,
    'engine/query',
    'engine/store',
    'engine/threads',
    'engine/codec/codec-registry',
  ],
  'engine/open-engine': ['native-bindings', 'engine'],
  'engine/assemble-engine': ['native-bindings', 'engine'],
  'engine/engine-threads': ['native-bindings', 'engine'],
  'engine/engine-types': ['engine'],
  src: [
    'engine/open-engine',
    'engine/maintenance',
    'engine/engine-types',
    'engine/base',
    'engine/dicom',
    'engine/query',
    'engine/multipart',
    'engine/upper-layer',
    'engine/dimse',
    'engine/transport',
    'engine/threads/background-pool',
  ],
};

// Folders that may name types of another folder without loading its code: messages that cross threads, records that travel.
module.exports.allowTypes = {
  'engine/threads': [
    'engine/store',
    'engine/query',
    'engine/workers',
    'engine/index',
    'engine/codec',
    'engine/maintenance',
  ],
  'engine/query': ['engine/store'],
  'engine/store': ['engine/threads'],
  'engine/index': ['engine/threads'],
  'engine/workers': ['engine/threads'],
  'engine/maintenance': ['engine/threads'],
  'engine/pipeline': ['engine/index', 'engine/engine-types', 'engine/codec'],
  src: ['engine/store', 'engine/threads', 'engine/codec'],
};
