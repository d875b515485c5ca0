#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { App } from './app.js';
import { createProgram } from './cli/program.js';
import { serve } from './cli/serve.js';
import type { Config } from './config/config-options.js';
import { ConfigError } from './config/load-config.js';
import { createLogger, type ServiceLogger } from './observability/logger.js';

const program = createProgram({
  env: process.env,
  isTerminal: process.stdout.isTTY,
  print: (text) => process.stdout.write(text),
  printAside: (text) => process.stderr.write(text),
  readInput: () => text(process.stdin),
  setExitCode: (code) => (process.exitCode = code),
  serve: (loaded, { withBanner }) =>
    serve({ loaded, withBanner, log: createLogger(loaded.config.log), start }),
});

/** Most of a start is loading code: the engine opens its files and its threads load theirs while this one loads the services. */
async function start(config: Config, log: ServiceLogger): Promise<App> {
  const { openEngine } = await import('#engine/open-engine.js');
  const [engine, { startApp }] = await Promise.all([openEngine(config, log), import('./app.js')]);
  return startApp(config, log, engine);
}

/**
 * The catalogue's text is for those who sent a request; whoever gave a command is told what was wrong with that, and of the
 * operating system, as when an address is in use, what it says.
 */
function commandErrorText(error: unknown): unknown {
  if (error instanceof Error && 'syscall' in error) return error.message;
  if (!(error instanceof GantryError)) return error;
  return error.detail === '' ? error.message : error.detail;
}

try {
  await program.parseAsync();
} catch (error) {
  // the command failed, e.g. an address is in use; nothing has been received yet that a message could quote
  console.error(error instanceof ConfigError ? error.message : commandErrorText(error));
  process.exit(1);
}
