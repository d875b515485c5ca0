/**
 * What the engine asks of a logger; pino satisfies it. Messages are lower case, fields structured, and no field holds a value
 * out of a data set other than a UID.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
