import { multipartBody } from '#test/helpers/dicomweb-client.js';
import type { StoreInstance } from '#test/helpers/dicom-scu.js';
import { numberedInstance, sopOf, storeRequestOf } from './numbered-instance.js';

/** An instance of 512 KiB whose number has as many digits as all that follow it. */
const templateNumber = 10_000_004;
/** More than one sender sends. */
const numbersEach = 100_000;
/** Senders that share a study do not share numbers. */
const studies = 40;

/**
 * One instance of 512 KiB after the other in the same memory, of which only the SOP Instance UID changes: making each anew would
 * cost a sender more than sending it.
 */
export class RenumberedInstance {
  /** Of a Store request. */
  readonly body: Buffer;
  readonly #seed: string;
  readonly #dataSet: StoreInstance;
  readonly #digits: readonly Buffer[];
  #number: number;

  /** The instances of the n-th sender. */
  constructor(sender: number) {
    this.#seed = `9.${1 + (sender % studies)}`;
    this.#number = templateNumber + sender * numbersEach;
    const name = { seed: this.#seed, number: templateNumber };
    this.body = multipartBody([numberedInstance(name).part10]);
    const request = storeRequestOf(name);
    const dataSet = Buffer.from(request.dataSet);
    this.#dataSet = { ...request, dataSet };
    const uid = sopOf(name);
    this.#digits = [this.body, dataSet].flatMap((bytes) => digitsIn(bytes, uid));
    this.renumber();
  }

  /** What a C-STORE of the instance is made of. */
  get request(): StoreInstance {
    return { ...this.#dataSet, sopInstanceUid: sopOf({ seed: this.#seed, number: this.#number }) };
  }

  /** The next one. */
  renumber(): void {
    this.#number += 1;
    for (const digits of this.#digits) digits.write(String(this.#number), 'latin1');
  }
}

/** Where the number stands in the bytes, as the last part of the UID. */
function digitsIn(bytes: Buffer, uid: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(uid); at >= 0; at = bytes.indexOf(uid, at + 1)) {
    const end = at + uid.length;
    found.push(bytes.subarray(end - String(templateNumber).length, end));
  }
  return found;
}
