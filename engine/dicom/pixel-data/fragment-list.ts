/** The fragments of encapsulated pixel data (PS3.5 §A.4) in order: three numbers each in typed arrays that grow by doubling. */
export class FragmentList {
  count = 0;
  #offsets = new Float64Array(initialCount);
  #lengths = new Uint32Array(initialCount);
  #startsCodestream = new Uint8Array(initialCount);

  /** `offset` is the position of the fragment's value. */
  add(offset: number, length: number, startsCodestream: boolean): void {
    if (this.count === this.#offsets.length) this.#grow();
    this.#offsets[this.count] = offset;
    this.#lengths[this.count] = length;
    this.#startsCodestream[this.count] = startsCodestream ? 1 : 0;
    this.count++;
  }

  offset(index: number): number {
    return this.#offsets[index] ?? 0;
  }

  length(index: number): number {
    return this.#lengths[index] ?? 0;
  }

  startsCodestream(index: number): boolean {
    return this.#startsCodestream[index] === 1;
  }

  #grow(): void {
    const size = this.count * 2;
    const offsets = new Float64Array(size);
    offsets.set(this.#offsets);
    const lengths = new Uint32Array(size);
    lengths.set(this.#lengths);
    const startsCodestream = new Uint8Array(size);
    startsCodestream.set(this.#startsCodestream);
    this.#offsets = offsets;
    this.#lengths = lengths;
    this.#startsCodestream = startsCodestream;
  }
}

const initialCount = 16;
