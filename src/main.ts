#!/usr/bin/env node
import { startApp } from './app.js';
import { createProgram } from './cli/program.js';
import { serve } from './cli/serve.js';
import { ConfigError } from './config/load-config.js';
import { createLogger, describeError } from './observability/logger.js';

const program = createProgram({
  env: process.env,
  isTerminal: process.stdout.isTTY,
  print: (text) => process.stdout.write(text),
  serve: (loaded, { withBanner }) =>
    serve({ loaded, withBanner, log: createLogger(loaded.config.log), start: startApp }),
});

try {
  await program.parseAsync();
} catch (error) {
  // a fault of the configuration or of the start, such as an address in use
  const { type, message, stack } = describeError(error);
  console.error(error instanceof ConfigError ? error.message : `${type}: ${message}\n${stack}`);
  process.exit(1);
}
