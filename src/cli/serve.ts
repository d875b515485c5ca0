import type { App } from '#src/app.js';
import { checkTlsFiles } from '#src/config/check-tls-files.js';
import type { Config } from '#src/config/config-options.js';
import type { LoadedConfig } from '#src/config/load-config.js';
import type { ServiceLogger } from '#src/observability/logger.js';
import { bannerText } from './banner.js';

export interface ServeOptions {
  readonly loaded: LoadedConfig;
  readonly log: ServiceLogger;
  readonly withBanner: boolean;
  start(config: Config, log: ServiceLogger): Promise<App>;
}

/**
 * Starts the store and returns; from then on the process ends by itself. A stop signal (SIGTERM, SIGINT) drains and exits 0, a
 * second one exits 1 at once, and so does anything that nobody caught: state that is not understood is not carried on.
 */
export async function serve({ loaded, log, withBanner, start }: ServeOptions): Promise<void> {
  process.on('uncaughtException', (error) => exitOn(log, error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => exitOn(log, error, 'unhandled rejection'));
  for (const warning of loaded.warnings) log.warn({}, warning);
  checkTlsFiles(loaded);

  const starting = start(loaded.config, log);
  stopOnSignal(starting, log);
  const app = await starting;
  if (withBanner) process.stdout.write(bannerText(loaded.config, app));
}

function stopOnSignal(starting: Promise<App>, log: ServiceLogger): void {
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) {
      log.error({ signal }, 'second stop signal: leaving without waiting');
      process.exit(1);
    }
    isStopping = true;
    log.info({ signal }, 'stopping');
    await (await starting).close();
    log.info({}, 'stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stop(signal).catch((error: unknown) => exitOn(log, error, 'stopping failed'));
    });
  }
}

function exitOn(log: ServiceLogger, error: unknown, message: string): never {
  log.fatal({ err: error }, message);
  process.exit(1);
}
