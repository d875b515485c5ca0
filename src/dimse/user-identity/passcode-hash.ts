import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Parameters of scrypt (RFC 7914 §2). */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** A passcode that is kept as its scrypt hash. */
export interface PasscodeHash extends ScryptCost {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** 32 MiB and about a fifth of a second of one core: dear for who guesses, and a caller that is known pays it once. */
export const passcodeCost: ScryptCost = { N: 2 ** 15, r: 8, p: 3 };
/** What a file may ask for: 1 GiB, since memory is 128 · N · r. */
const costMax: ScryptCost = { N: 2 ** 20, r: 32, p: 16 };
const memoryBytesMax = 2 ** 30;
const saltBytes = 16;
const hashBytes = 32;
const hashBytesMax = 64;

const textPattern = /^scrypt:(\d{1,7}):(\d{1,2}):(\d{1,2})\$([\w-]{8,128})\$([\w-]{16,128})$/;

/** Hashes a passcode with a new salt, as text: `scrypt:N:r:p$salt$hash`, both in base64url. */
export async function hashPasscode(
  passcode: Uint8Array,
  cost: ScryptCost = passcodeCost,
): Promise<string> {
  const salt = randomBytes(saltBytes);
  const { N, r, p } = cost;
  const hash = await derive(passcode, salt, hashBytes, cost);
  return `scrypt:${N}:${r}:${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Reads what `hashPasscode` wrote; undefined when it is something else or asks for more than is reasonable. */
export function parsePasscodeHash(text: string): PasscodeHash | undefined {
  const [, N, r, p, salt, hash] = textPattern.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const parsed = {
    N: Number(N),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
  const isReasonable =
    isPowerOfTwo(parsed.N) &&
    parsed.N <= costMax.N &&
    parsed.r >= 1 &&
    parsed.r <= costMax.r &&
    parsed.p >= 1 &&
    parsed.p <= costMax.p &&
    memoryOf(parsed) <= memoryBytesMax &&
    parsed.hash.length <= hashBytesMax;
  return isReasonable ? parsed : undefined;
}

/** Whether `passcode` is the one that was hashed; takes the same time whether it is or not. */
export async function isPasscode(passcode: Uint8Array, expected: PasscodeHash): Promise<boolean> {
  const { salt, hash } = expected;
  return timingSafeEqual(await derive(passcode, salt, hash.length, expected), hash);
}

function isPowerOfTwo(n: number): boolean {
  return n >= 2 && Number.isInteger(Math.log2(n));
}

function memoryOf({ N, r }: ScryptCost): number {
  return 128 * N * r;
}

function derive(
  passcode: Uint8Array,
  salt: Uint8Array,
  length: number,
  cost: ScryptCost,
): Promise<Buffer> {
  const { N, r, p } = cost;
  return new Promise((resolve, reject) => {
    scrypt(passcode, salt, length, { N, r, p, maxmem: 2 * memoryOf(cost) }, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
