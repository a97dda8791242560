/** Tells the host what was parsed: it sends no more than a bounded amount beyond that. */

/** One acknowledgement for this many parsed bytes. */
const ACK_BYTES = 128 * 1024;
/** What is parsed of a quiet stream is acknowledged after this time. */
const ACK_REST_MS = 100;

/** `offset` in the stream, and how many bytes of snapshots and repaints beside it. */
export type Acknowledge = (offset: number, painted: number) => void;

export class Acknowledgements {
  readonly #send: Acknowledge;
  #open = false;
  #parsed = 0;
  #painted = 0;
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: Acknowledge) {
    this.#send = send;
  }

  /** A new attachment: nothing is parsed of it, and nothing can be told yet. */
  restart(): void {
    this.close();
    this.#parsed = 0;
    this.#painted = 0;
    this.#told = 0;
  }

  /** From now on it can be told. */
  open(): void {
    this.#open = true;
    this.#schedule();
  }

  close(): void {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The stream is parsed up to `offset`; the host waits for the end of a snapshot or repaint. */
  parsedTo(offset: number, hostWaits = false): void {
    this.#parsed = offset;
    this.#tellOrSchedule(hostWaits);
  }

  /** This many more bytes of a snapshot or repaint are parsed. */
  painted(count: number): void {
    this.#painted += count;
    this.#tellOrSchedule(false);
  }

  get #untold(): number {
    return this.#parsed + this.#painted - this.#told;
  }

  #tellOrSchedule(atOnce: boolean): void {
    if (atOnce || this.#untold >= ACK_BYTES) this.#tell();
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#untold === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#tell(), ACK_REST_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#open) return;
    this.#told = this.#parsed + this.#painted;
    this.#send(this.#parsed, this.#painted);
  }
}
