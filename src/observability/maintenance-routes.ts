import { GantryError } from '#engine/base/error-catalogue.js';
import type { Maintenance } from '#engine/engine-types.js';
import type { Route } from '#src/http/http-service.js';
import type { RequestContext } from '#src/http/request-context.js';

const mib = 1024 * 1024;

/** Rate of a verification that names none. */
const verifyBytesPerSecondDefault = 64 * mib;

/** Verification and backup of the running store. A POST starts one unless one is under way; all answer its state. */
export function maintenanceRoutes(maintenance: Maintenance): Route[] {
  const route = (
    method: string,
    template: string,
    name: string,
    answer: (context: RequestContext) => readonly [status: number, state: object],
  ): Route => ({
    method,
    template,
    name,
    permission: 'admin',
    handler: (context) => context.respondJson(...answer(context)),
  });
  return [
    route('GET', '/admin/verify', 'show verification', () => [200, maintenance.verifyState()]),
    route('POST', '/admin/verify', 'start verification', (context) => [
      202,
      maintenance.startVerify(bytesPerSecondOf(context)),
    ]),
    route('DELETE', '/admin/verify', 'stop verification', () => {
      maintenance.stopVerify();
      return [202, maintenance.verifyState()];
    }),
    route('GET', '/admin/backups', 'show backup', () => [200, maintenance.backupState()]),
    route('POST', '/admin/backups', 'start backup', () => [202, maintenance.startBackup()]),
  ];
}

/** The query parameter `bytesPerSecond`. */
function bytesPerSecondOf({ request }: RequestContext): number {
  const given = new URLSearchParams(request.query).get('bytesPerSecond');
  if (given === null) return verifyBytesPerSecondDefault;
  const rate = Number(given);
  if (Number.isSafeInteger(rate) && rate > 0) return rate;
  throw new GantryError('bad-request', 'bytesPerSecond must be a positive whole number');
}
