#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { GantryError } from '#engine/base/error-catalogue.js';
import { startApp } from './app.js';
import { createProgram } from './cli/program.js';
import { serve } from './cli/serve.js';
import { ConfigError } from './config/load-config.js';
import { createLogger } from './observability/logger.js';

const program = createProgram({
  env: process.env,
  isTerminal: process.stdout.isTTY,
  print: (text) => process.stdout.write(text),
  printAside: (text) => process.stderr.write(text),
  readInput: () => text(process.stdin),
  setExitCode: (code) => (process.exitCode = code),
  serve: (loaded, { withBanner }) =>
    serve({ loaded, withBanner, log: createLogger(loaded.config.log), start: startApp }),
});

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
