import type { UwsModule } from './uws-types.js';

/**
 * Loads uWebSockets.js for the main thread; every call gives the same module. `requestHeadBytesMax` bounds request line and
 * headers (431 beyond; the library's default of 4 KiB is less than a long UID list or token needs) and counts at the first call
 * only, because the library reads it from the environment while it is loaded.
 *
 * Rejects when the package has no binary for this platform and Node version.
 */
export async function loadUws(requestHeadBytesMax: number): Promise<UwsModule> {
  process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= String(requestHeadBytesMax);
  let uws: UwsModule;
  try {
    uws = (await import('uWebSockets.js')) as unknown as UwsModule;
  } catch (cause) {
    throw new Error(
      `uWebSockets.js has no binary for ${process.platform}-${process.arch}, Node ${process.version}; use the node:http transport`,
      { cause },
    );
  }
  // No `uWebSockets` header: responses need not say what serves them.
  uws._cfg('silent');
  return uws;
}
