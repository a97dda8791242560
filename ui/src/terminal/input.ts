/**
 * Everything typed goes to the program as bytes, strictly in order: one request is under way at
 * a time, and what is typed meanwhile goes with the next.
 */

/** More than this goes in several requests, so that a large paste stays below the frame limit. */
export const MAX_INPUT_BYTES = 256 * 1024;

export type SendInput = (bytes: Uint8Array) => Promise<void>;

export class InputQueue {
  #waiting: Uint8Array[] = [];
  #send: SendInput | null = null;
  #busy = false;
  /** Whether what is typed now still has somewhere to go. */
  #open = true;
  readonly #encoder = new TextEncoder();
  readonly #onLost: (error: unknown, bytes: number) => void;

  /** `onLost` is told when input could not be delivered. */
  constructor(onLost: (error: unknown, bytes: number) => void) {
    this.#onLost = onLost;
  }

  /** From now on input goes here. What was typed before is sent first. */
  connect(send: SendInput): void {
    this.#open = true;
    this.#send = send;
    void this.#run();
  }

  /** The connection is made anew, to the same program: what is typed meanwhile waits. */
  hold(): void {
    this.#open = true;
    this.#send = null;
  }

  /** The terminal is gone: what waits is dropped, because the next program must not get it. */
  disconnect(): void {
    this.#open = false;
    this.#send = null;
    this.#waiting = [];
  }

  /** Text as the person typed it. */
  text(text: string): void {
    this.bytes(this.#encoder.encode(text));
  }

  /** One byte per character, for mouse reports of the old encodings. */
  binary(data: string): void {
    this.bytes(Uint8Array.from(data, (character) => character.charCodeAt(0) & 0xff));
  }

  bytes(bytes: Uint8Array): void {
    if (!this.#open) return;
    for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES) {
      this.#waiting.push(bytes.subarray(at, at + MAX_INPUT_BYTES));
    }
    void this.#run();
  }

  #next(): Uint8Array {
    let length = 0;
    let count = 0;
    for (const part of this.#waiting) {
      if (length + part.length > MAX_INPUT_BYTES) break;
      length += part.length;
      count += 1;
    }
    const next = new Uint8Array(length);
    let at = 0;
    for (const part of this.#waiting.splice(0, count)) {
      next.set(part, at);
      at += part.length;
    }
    return next;
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting.length > 0 && this.#send) {
      const bytes = this.#next();
      try {
        await this.#send(bytes);
      } catch (error) {
        this.disconnect();
        this.#onLost(error, bytes.length);
      }
    }
    this.#busy = false;
  }
}
