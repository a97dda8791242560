/**
 * Everything typed goes to the program as bytes, strictly in order: one request is under way at
 * a time, and what is typed meanwhile goes with the next. A paste has its place in that order from
 * the moment it was asked for, though the clipboard takes a while to answer.
 */

/** More than this goes in several requests, so that a large paste stays below the frame limit. */
export const MAX_INPUT_BYTES = 256 * 1024;

export type SendInput = (bytes: Uint8Array) => Promise<void>;

/** Where a paste will stand, while the clipboard is asked. What is typed meanwhile comes after it. */
export interface Place {
  /**
   * What `write` puts into the queue stands here. When that is nothing, what was typed meanwhile
   * goes nowhere: it was meant to follow a paste that does not come.
   */
  fill: (write: () => void) => void;
  /** There was nothing to paste: what was typed meanwhile follows what came before. */
  release: () => void;
}

/** A paste that is not there yet; with its own parts as soon as it is. */
type Reserved = Uint8Array[];

export class InputQueue {
  #waiting: (Uint8Array | Reserved)[] = [];
  /** The place that is being filled. */
  #filling: Reserved | null = null;
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
    const waiting = this.#filling ?? this.#waiting;
    for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES) {
      waiting.push(bytes.subarray(at, at + MAX_INPUT_BYTES));
    }
    void this.#run();
  }

  /** Keeps this place in the order for what is not known yet. */
  keepPlace(): Place {
    const reserved: Reserved = [];
    this.#waiting.push(reserved);
    return {
      fill: (write) => {
        this.#filling = reserved;
        try {
          write();
        } finally {
          // Whatever happens: what is typed from now on is no part of the paste.
          this.#filling = null;
          this.#settle(reserved);
        }
      },
      release: () => {
        this.#waiting = this.#waiting.filter((part) => part !== reserved);
        void this.#run();
      },
    };
  }

  /** Puts what was reserved for a paste where it stands, or drops with it what was typed after it. */
  #settle(reserved: Reserved): void {
    const at = this.#waiting.indexOf(reserved);
    if (at < 0) return;
    if (reserved.length > 0) this.#waiting.splice(at, 1, ...reserved);
    else this.#waiting.length = at;
    void this.#run();
  }

  /** What can go with the next request; nothing where a paste is waited for. */
  #next(): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const part of this.#waiting) {
      if (Array.isArray(part) || length + part.length > MAX_INPUT_BYTES) break;
      parts.push(part);
      length += part.length;
    }
    this.#waiting.splice(0, parts.length);
    const next = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      next.set(part, at);
      at += part.length;
    }
    return next;
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#send) {
      const bytes = this.#next();
      if (bytes.length === 0) break;
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
