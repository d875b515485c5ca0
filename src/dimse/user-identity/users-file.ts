import { stat } from 'node:fs/promises';
import type { Logger } from '#engine/base/logger.js';
import type { UserDirectory } from './user-directory.js';

/**
 * The users of a file, which is read again when a caller comes after it has changed. One that cannot be read, or holds a line that
 * is no user, leaves the users as they were.
 */
export class UsersFile {
  readonly #path: string;
  readonly #read: (path: string) => UserDirectory;
  readonly #logger: Logger;
  #users: UserDirectory;
  /** State of the file that was read last; undefined until a caller has come. */
  #seen: string | undefined;

  /** Throws what `read` throws. */
  constructor(path: string, read: (path: string) => UserDirectory, logger: Logger) {
    this.#path = path;
    this.#read = read;
    this.#logger = logger;
    this.#users = read(path);
  }

  /** As `UserDirectory.isUser`. */
  async isUser(name: string, passcode: Uint8Array): Promise<boolean | undefined> {
    await this.#readAgain();
    return this.#users.isUser(name, passcode);
  }

  async #readAgain(): Promise<void> {
    const state = await stateOf(this.#path);
    if (state === this.#seen) return;
    this.#seen = state;
    try {
      this.#users = this.#read(this.#path);
      this.#logger.info({}, 'users read');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error({ reason }, 'users not read: they stay as they were');
    }
  }
}

/** Changes with the file: written in place, or another one under its name. */
async function stateOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return 'missing';
  }
}
