import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '#engine/engine-types.js';
import { dialects } from '#src/dicomweb/dialect.js';
import type { DicomwebService } from '#src/dicomweb/dicomweb-service.js';
import { findRouteDoc } from '#src/dicomweb/route-docs.js';
import { dicomwebRoutes } from '#src/dicomweb/routes.js';

for (const dialect of Object.values(dialects)) {
  test(`every route of the ${dialect.name} dialect is described in route-docs.ts`, () => {
    const service: Partial<DicomwebService> = { engine: {} as Engine, rootPath: '/x', dialect };
    const undescribed = dicomwebRoutes(service as DicomwebService)
      .filter(({ doc }) => doc === undefined)
      .map(({ name }) => name);
    assert.deepEqual(undescribed, []);
  });

  test(`what the ${dialect.name} dialect decides on is in the description of its routes`, () => {
    const storeTypes = findRouteDoc(dialect, 'store')?.responseTypes;
    assert.equal(storeTypes?.includes('application/dicom+xml'), dialect.hasXml);
    const statuses = findRouteDoc(dialect, 'retrieve-study')?.statuses;
    assert.equal(statuses?.includes(410), dialect.deletedStatus === 410);
  });
}
