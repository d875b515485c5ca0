import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { Config } from '#src/config/config-options.js';

/** pino's logger: satisfies the engine's `Logger`; `child({ correlationId })` ties lines to one request or association. */
export type ServiceLogger = PinoLogger;

/** JSON lines to `destination` (stdout unless given), or lines for people with `log.pretty`. */
export function createLogger(
  options: Config['log'],
  destination: DestinationStream = process.stdout,
): ServiceLogger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    options.pretty ? { write: (line) => void destination.write(prettyLine(line)) } : destination,
  );
}

/** An error as it is logged. */
export interface LoggedError {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: LoggedError;
}

/**
 * Parsers and databases quote the value they fail on in their messages, and the value may be a patient's name. A message is
 * therefore logged only where its kind says that it holds none; of all others the place in the code has to do.
 */
export function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: withheld, stack: '' };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: isMessageSafe(error) ? error.message : withheld,
    stack: framesOf(error),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

const withheld = '(withheld: may quote data)';

function isMessageSafe(error: Error): boolean {
  return (
    error instanceof GantryError ||
    // of the engine: V8 names properties and types in these, never values
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof RangeError ||
    // of the operating system
    'syscall' in error ||
    error.message.startsWith('assertion failed: ')
  );
}

/** The places of the stack. Its first lines repeat the message, which may look like a place in part. */
function framesOf({ stack = '', message }: Error): string {
  const messageStart = stack.indexOf(message);
  return stack
    .slice(messageStart < 0 ? 0 : messageStart + message.length)
    .split('\n')
    .filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
    .join('\n');
}

/** `12:00:00.000 info  message key=value …` out of a JSON line. */
function prettyLine(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}${rest.join('')}\n`;
}
