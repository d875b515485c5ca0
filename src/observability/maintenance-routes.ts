import { GantryError } from '#engine/base/error-catalogue.js';
import type { Maintenance } from '#engine/engine-types.js';
import type { Route } from '#src/http/http-service.js';
import type { RouteDoc } from '#src/http/route-doc.js';
import type { RequestContext } from '#src/http/request-context.js';

const mib = 1024 * 1024;

/** Rate of a verification that names none. */
const verifyBytesPerSecondDefault = 64 * mib;

/** Verification and backup of the running store. A POST starts one unless one is under way; all answer its state. */
export function maintenanceRoutes(maintenance: Maintenance): Route[] {
  const route = (
    [method, template, name]: readonly [string, string, string],
    doc: Omit<RouteDoc, 'responseTypes'>,
    answer: (context: RequestContext) => object,
  ): Route => ({
    method,
    template,
    name,
    doc: { ...doc, responseTypes: ['application/json'] },
    permission: 'admin',
    handler: (context) => context.respondJson(doc.statuses[0] ?? 200, answer(context)),
  });
  return [
    route(
      ['GET', '/admin/verify', 'show verification'],
      { summary: 'the verification under way, or the last one', statuses: [200] },
      () => maintenance.verifyState(),
    ),
    route(
      ['POST', '/admin/verify', 'start verification'],
      {
        summary: 'compare what is stored with its checksums',
        parameters: [bytesPerSecond],
        statuses: [202, 400],
      },
      (context) => maintenance.startVerify(bytesPerSecondOf(context)),
    ),
    route(
      ['DELETE', '/admin/verify', 'stop verification'],
      { summary: 'end the verification under way', statuses: [202] },
      () => {
        maintenance.stopVerify();
        return maintenance.verifyState();
      },
    ),
    route(
      ['GET', '/admin/backups', 'show backup'],
      { summary: 'the backup under way, or the last one', statuses: [200] },
      () => maintenance.backupState(),
    ),
    route(
      ['POST', '/admin/backups', 'start backup'],
      { summary: 'back up to the configured directory', statuses: [202, 400] },
      () => maintenance.startBackup(),
    ),
  ];
}

const bytesPerSecond = {
  name: 'bytesPerSecond',
  doc: 'how fast to read',
  type: 'integer',
} as const;

/** The query parameter `bytesPerSecond`. */
function bytesPerSecondOf({ request }: RequestContext): number {
  const given = new URLSearchParams(request.query).get('bytesPerSecond');
  if (given === null) return verifyBytesPerSecondDefault;
  const rate = Number(given);
  if (Number.isSafeInteger(rate) && rate > 0) return rate;
  throw new GantryError('bad-request', 'bytesPerSecond must be a positive whole number');
}
