/**
 * The absolute numbers of a viewer's lines: the host counts the lines of the normal screen from
 * the terminal's start, and a snapshot says which one its first is. What left the scrollback
 * since is counted here, so that a line can be named to the host, and found again after the next
 * snapshot. While the viewer wraps for a new size and the snapshot after it has not come, the
 * numbers are off; the alternate screen has none.
 */
import type { IDisposable, Terminal } from '@xterm/xterm';

/** The parts of xterm.js that have no public name. */
interface Core {
  buffers: {
    normal: {
      /** How many lines are above the screen. */
      ybase: number;
      lines: { onTrim: (trimmed: (count: number) => void) => IDisposable };
    };
  };
}

export class LineNumbers {
  readonly #terminal: Pick<Terminal, 'buffer'>;
  readonly #core: Core;
  #first = 0;
  /** The number of the screen's first line, where lines between it and the scrollback are missing. */
  #screenFirst: number | null = null;
  #lines: Core['buffers']['normal']['lines'] | null = null;
  #listening: IDisposable | null = null;

  constructor(terminal: Pick<Terminal, 'buffer' | 'parser'>) {
    this.#terminal = terminal;
    this.#core = (terminal as unknown as { _core: Core })._core;
    this.#follow();
    // A reset begins with another buffer. The host's next line is then the one after those that
    // had left the screen.
    terminal.parser.registerEscHandler({ final: 'c' }, () => {
      this.#first += this.#core.buffers.normal.ybase;
      this.#screenFirst = null;
      return false;
    });
    terminal.buffer.onBufferChange(() => this.#follow());
  }

  /** A snapshot begins in the emptied viewer; its first line has this number. */
  restart(firstLine: number): void {
    this.#first = firstLine;
    this.#screenFirst = null;
    this.#follow();
  }

  /** The screen was painted anew, and its first line has this number; the scrollback stayed. */
  repainted(firstLine: number): void {
    this.#screenFirst = firstLine;
  }

  /** The number of the oldest line that the viewer has. */
  get first(): number {
    return this.#first;
  }

  /** The number of a line of the normal screen, by its place in the viewer's buffer. */
  numberOf(index: number): number {
    const { ybase } = this.#core.buffers.normal;
    if (this.#screenFirst !== null && index >= ybase) return this.#screenFirst + index - ybase;
    return this.#first + index;
  }

  /** Where the line of this number is or would be, counted from the start of the viewer's buffer. */
  placeOf(line: number): number {
    const { ybase } = this.#core.buffers.normal;
    if (this.#screenFirst !== null && line >= this.#screenFirst) {
      return line - this.#screenFirst + ybase;
    }
    return line - this.#first;
  }

  /** Where the viewer has the line of this number; null when it has left or is not there yet. */
  indexOf(line: number): number | null {
    const index = this.placeOf(line);
    const isMissing =
      this.#screenFirst !== null &&
      line < this.#screenFirst &&
      index >= this.#core.buffers.normal.ybase;
    if (isMissing) return null;
    return index >= 0 && index < this.#terminal.buffer.normal.length ? index : null;
  }

  #follow(): void {
    const { lines } = this.#core.buffers.normal;
    if (lines === this.#lines) return;
    this.#listening?.dispose();
    this.#lines = lines;
    this.#listening = lines.onTrim((count) => (this.#first += count));
  }
}
