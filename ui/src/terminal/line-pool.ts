/**
 * The lines that xterm.js lets go of, kept to be its next ones.
 *
 * Claude Code clears screen and scrollback and writes everything anew, up to 20 times a second, and
 * each time xterm.js drops a thousand lines and makes a thousand others. Those dropped stay in its
 * ring until they are overwritten. By then the garbage collector takes them for long-lived, and
 * looks at such ones rarely: the page grew by 10 MB a second, up to 2 GB, before it was emptied.
 * Of a scrollback that is full xterm.js itself uses the oldest line again.
 */
import type { Terminal } from '@xterm/xterm';

/** A line holds 12 bytes for each cell: this many of 120 columns are 6 MB. */
const MOST_LINES = 4096;

interface Line {
  clone(): Line;
  copyFrom(line: Line): void;
}

interface Lines {
  readonly length: number;
  get(index: number): Line | undefined;
  trimStart(count: number): void;
}

interface Buffers {
  /** None while a terminal is being made. */
  readonly normal: { lines: Lines } | undefined;
  reset(): void;
}

const pool: Line[] = [];
/** The classes that let go of lines: every terminal has the same ones. */
const prepared = new WeakSet<object>();

/** Once for all terminals, with the first. */
export function reuseLines(terminal: Pick<Terminal, 'rows'>): void {
  const { buffers } = (terminal as unknown as { _core: { buffers: Buffers } })._core;
  const lines = buffers.normal?.lines;
  const line = lines?.get(0);
  if (!lines || !line) return;
  const every = Object.getPrototypeOf(lines) as Lines;
  if (prepared.has(every)) return;
  prepared.add(every);

  const trimStart = Reflect.get(every, 'trimStart') as Lines['trimStart'];
  every.trimStart = function (count) {
    keep(this, count);
    trimStart.call(this, count);
  };

  const everySet = Object.getPrototypeOf(buffers) as Buffers;
  const reset = Reflect.get(everySet, 'reset') as Buffers['reset'];
  everySet.reset = function () {
    const old = this.normal?.lines;
    reset.call(this);
    if (old) keep(old, old.length);
  };

  const everyLine = Object.getPrototypeOf(line) as Line;
  const clone = Reflect.get(everyLine, 'clone') as Line['clone'];
  everyLine.clone = function () {
    const again = pool.pop();
    if (!again) return clone.call(this);
    again.copyFrom(this);
    return again;
  };
}

function keep(lines: Lines, count: number): void {
  const kept = Math.min(count, lines.length, MOST_LINES - pool.length);
  for (let index = 0; index < kept; index += 1) {
    const line = lines.get(index);
    if (line) pool.push(line);
  }
}
