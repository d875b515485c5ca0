/** Shut while a connection has enough to send: writers that can wait do so before their next write. */
export class WriteGate {
  #opening: Promise<void> | undefined;
  #open: () => void = () => undefined;

  /** Resolves when the gate opens; undefined while it is open. */
  get opening(): Promise<void> | undefined {
    return this.#opening;
  }

  shut(): void {
    this.#opening ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
    this.#opening = undefined;
  }
}
