import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LruCache } from '#engine/base/lru-cache.js';
import { hashPasscode, isPasscode, parsePasscodeHash, passcodeCost } from './passcode-hash.js';
import type { PasscodeHash, ScryptCost } from './passcode-hash.js';

/** Passcodes that may wait to be hashed. One is hashed at a time: each keeps a core and a thread of libuv busy. */
const waitingMax = 32;
/** Callers whose passcode need not be hashed again: modalities open an association for each image. */
const rememberedMax = 1_000;

/** The users that may identify themselves by name and passcode. */
export class UserDirectory {
  readonly #hashes: ReadonlyMap<string, PasscodeHash>;
  /** Under a key of this process: a dump of the memory must not hold passcodes. */
  readonly #rememberedKey = randomBytes(32);
  readonly #remembered = new LruCache<string, true>(rememberedMax);
  readonly #stranger: Promise<PasscodeHash | undefined>;
  #last: Promise<unknown> = Promise.resolve();
  #waitingCount = 0;

  /** `strangerCost` is what a name that nobody has costs to check: as much as those of the users. */
  constructor(hashes: ReadonlyMap<string, PasscodeHash>, strangerCost: ScryptCost) {
    this.#hashes = hashes;
    this.#stranger = hashPasscode(randomBytes(16), strangerCost).then(parsePasscodeHash);
  }

  /** Whether a user of that name has that passcode; undefined when too many callers wait for the answer. */
  async isUser(name: string, passcode: Uint8Array): Promise<boolean | undefined> {
    const fingerprint = createHmac('sha256', this.#rememberedKey)
      .update(`${name.length}:${name}`)
      .update(passcode)
      .digest('base64');
    if (this.#remembered.get(fingerprint) === true) return true;
    if (this.#waitingCount >= waitingMax) return undefined;
    this.#waitingCount++;
    const answer = this.#last.then(() => this.#compare(name, passcode));
    this.#last = answer.catch(() => undefined);
    try {
      const isUser = await answer;
      if (isUser) this.#remembered.set(fingerprint, true);
      return isUser;
    } finally {
      this.#waitingCount--;
    }
  }

  /** A name that nobody has takes as long as a wrong passcode, so that names cannot be found out. */
  async #compare(name: string, passcode: Uint8Array): Promise<boolean> {
    const known = this.#hashes.get(name);
    const expected = known ?? (await this.#stranger);
    return expected !== undefined && (await isPasscode(passcode, expected)) && known !== undefined;
  }
}

/**
 * Reads a file of users: a line each, `name:hash` as `gantry hash-passcode` prints it; empty lines and those that begin with `#`
 * are left out. Throws an `Error` that names the line.
 */
export function readUserDirectory(
  path: string,
  strangerCost: ScryptCost = passcodeCost,
): UserDirectory {
  const hashes = new Map<string, PasscodeHash>();
  readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .forEach((line, index) => {
      if (line === '' || line.startsWith('#')) return;
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(0, colon));
      const hash = parsePasscodeHash(line.slice(colon + 1));
      if (name === '' || hash === undefined || hashes.has(name)) {
        throw new Error(`${path}: line ${index + 1} is no user, or one that is there already`);
      }
      hashes.set(name, hash);
    });
  return new UserDirectory(hashes, strangerCost);
}
