import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';

import { gridOptions, prepareViewer, RESET } from './xterm-options';

interface Lines {
  length: number;
  get(index: number): object;
}

function viewer() {
  const terminal = new Terminal({ ...gridOptions, cols: 20, rows: 5, scrollback: 100 });
  prepareViewer(terminal as unknown as Parameters<typeof prepareViewer>[0]);
  const write = (text: string) => new Promise<void>((done) => terminal.write(text, done));
  /** xterm.js' own lines, not what its interface shows of them. */
  const lines = () => {
    const list = (terminal as unknown as { _core: { buffers: { normal: { lines: Lines } } } })._core
      .buffers.normal.lines;
    return Array.from({ length: list.length }, (_, index) => list.get(index));
  };
  const text = () =>
    Array.from({ length: terminal.buffer.active.length }, (_, index) =>
      terminal.buffer.active.getLine(index)?.translateToString(true),
    );
  return { terminal, write, lines, text };
}

/** Colours, a link, an underline of its own colour and combined characters. */
const rich = (count: number) =>
  Array.from(
    { length: count },
    () =>
      '\x1b[1;31;44;4:3;58:5:3m\x1b]8;;file:///x\x1b\\e\u0301 wide 漢字 and more\x1b]8;;\x1b\\\r\n',
  ).join('') + '\x1b[m';

describe('lines that xterm.js lets go of', () => {
  it('are used again after a clear, and nothing of them is left', async () => {
    const { terminal, write, lines, text } = viewer();
    await write(rich(60));
    const before = new Set(lines());
    expect(before.size).toBe(61);
    await write('\x1b[2J\x1b[3J\x1b[H' + '\r\n'.repeat(40));
    const now = lines();
    expect(new Set(now).size, 'no line is at two places').toBe(now.length);
    expect(now.length).toBe(41);
    expect(now.every((line) => before.has(line))).toBe(true);
    expect(text().every((line) => line === '')).toBe(true);
    const cell = terminal.buffer.active.getLine(3)?.getCell(0);
    expect(cell?.isAttributeDefault()).toBe(true);
    await write('\x1b[1;1Hnew');
    expect(text().filter((line) => line !== '')).toEqual(['new']);
  });

  it('are used again after a reset, by another terminal, too', async () => {
    const [one, other] = [viewer(), viewer()];
    await one.write(rich(60));
    const before = new Set(one.lines());
    await one.write(RESET);
    expect(one.lines().some((line) => before.has(line))).toBe(false);
    other.terminal.resize(33, 7);
    await other.write('a\r\nb\r\n' + '\r\n'.repeat(30));
    expect(other.lines().filter((line) => before.has(line)).length).toBeGreaterThan(20);
    expect(other.text().filter((line) => line !== '')).toEqual(['a', 'b']);
    expect(new Set([...one.lines(), ...other.lines()]).size).toBe(
      one.lines().length + other.lines().length,
    );
  });
});
