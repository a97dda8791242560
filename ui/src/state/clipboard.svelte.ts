/** What goes between terminals and the clipboard, with the person's say in it. */
import * as ipc from '../ipc';
import { needsLook } from '../terminal/paste';

/** The parts of a terminal that matter here. */
export interface PastedInto {
  readonly projectId: string;
  readonly terminalKey: string;
  pasteUnasked: (text: string) => void;
}

/** A program wanted to copy and did not: why, and what. */
export interface Uncopied<T> {
  why: 'notInFront' | 'tooLong';
  terminal: T;
  text: string;
}

/** What of the window decides. */
export interface ClipboardHost<T> {
  mayWrite: () => boolean;
  asksBeforePaste: () => boolean;
  /** Whether the person looks at this terminal. */
  isInFront: (terminal: T) => boolean;
  ask: (terminal: T, text: string) => void;
  attempt: (work: () => Promise<unknown>) => Promise<unknown>;
}

export class Clipboard<T extends PastedInto> {
  uncopied = $state.raw<Uncopied<T> | null>(null);
  readonly #host: ClipboardHost<T>;

  constructor(host: ClipboardHost<T>) {
    this.#host = host;
  }

  /** `told`: the program is told where a paste begins and ends, and does not act on its lines. */
  paste(terminal: T, text: string, told: boolean): void {
    if (!told && needsLook(text) && this.#host.asksBeforePaste()) this.#host.ask(terminal, text);
    else terminal.pasteUnasked(text);
  }

  /**
   * A program asks to put a text into the clipboard (OSC 52). It may only while the person looks
   * at it: from behind it could replace what was copied somewhere else. Then the person is told,
   * and may have the text.
   */
  programCopies(terminal: T, text: string, primary: boolean, tooLong: boolean): void {
    if (!this.#host.mayWrite()) return;
    if (tooLong) {
      this.uncopied = { why: 'tooLong', terminal, text: '' };
    } else if (this.#host.isInFront(terminal)) {
      void (primary ? ipc.writePrimary(text) : ipc.writeClipboard(text)).catch(() => undefined);
    } else if (!primary) {
      this.uncopied = { why: 'notInFront', terminal, text };
    }
  }

  /** The person wants the text of a program that was not in front. */
  async copyUncopied(): Promise<void> {
    const text = this.uncopied?.text;
    this.uncopied = null;
    if (text) await this.#host.attempt(() => ipc.writeClipboard(text));
  }
}
