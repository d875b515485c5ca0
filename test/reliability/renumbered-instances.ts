import { multipartBody } from '#test/helpers/dicomweb-client.js';
import type { StoreInstance } from '#test/helpers/dicom-scu.js';
import { numberedInstance, sopOf, storeRequestOf } from './numbered-instance.js';

/** What senders send. */
export interface SentInstances {
  readonly kibibytes: keyof typeof templateNumbers;
  /** In a Store request. */
  readonly perRequest: number;
}

/** Numbers of instances of that size, with as many digits as all that follow them. */
const templateNumbers = { 10: 10_000_001, 512: 10_000_004 };
/** More than one sender sends. */
const numbersEach = 100_000;
/** Senders that share a study do not share numbers. */
const studies = 40;

/**
 * Some instances after others in the same memory, of which only the SOP Instance UIDs change: making each anew would cost a
 * sender more than sending it.
 */
export class RenumberedInstances {
  /** Of a Store request. */
  readonly body: Buffer;
  readonly perRequest: number;
  readonly #seed: string;
  readonly #dataSet: StoreInstance;
  /** For each instance of the body where its number stands. */
  readonly #digits: readonly (readonly Buffer[])[];
  #number: number;

  /** The instances of the n-th sender. */
  constructor(sender: number, { kibibytes, perRequest }: SentInstances) {
    const templateNumber = templateNumbers[kibibytes];
    this.perRequest = perRequest;
    this.#seed = `9.${1 + (sender % studies)}`;
    this.#number = templateNumber + sender * numbersEach;
    const name = { seed: this.#seed, number: templateNumber };
    const { part10 } = numberedInstance(name);
    this.body = multipartBody(Array.from({ length: perRequest }, () => part10));
    const request = storeRequestOf(name);
    const dataSet = Buffer.from(request.dataSet);
    this.#dataSet = { ...request, dataSet };
    const digitsOf = (bytes: Buffer): Buffer[] => digitsIn(bytes, sopOf(name), templateNumber);
    const ofBody = digitsOf(this.body);
    const perInstance = ofBody.length / perRequest;
    this.#digits = Array.from({ length: perRequest }, (_, n) => [
      ...ofBody.slice(n * perInstance, (n + 1) * perInstance),
      // A C-STORE sends the first of them.
      ...(n === 0 ? digitsOf(dataSet) : []),
    ]);
    this.renumber();
  }

  /** What a C-STORE of the first of them is made of. */
  get request(): StoreInstance {
    return { ...this.#dataSet, sopInstanceUid: sopOf({ seed: this.#seed, number: this.#number }) };
  }

  /** The next ones. */
  renumber(): void {
    this.#number += this.perRequest;
    for (const [n, places] of this.#digits.entries()) {
      for (const digits of places) digits.write(String(this.#number + n), 'latin1');
    }
  }
}

/** Where the number stands in the bytes, as the last part of the UID. */
function digitsIn(bytes: Buffer, uid: string, number: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(uid); at >= 0; at = bytes.indexOf(uid, at + 1)) {
    const end = at + uid.length;
    found.push(bytes.subarray(end - String(number).length, end));
  }
  return found;
}
