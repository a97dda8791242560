import { Terminal } from '@xterm/headless';
import type { Terminal as BrowserTerminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';

import { LineNumbers } from './line-numbers';

function viewer(rows = 5, scrollback = 10) {
  const terminal = new Terminal({ allowProposedApi: true, cols: 20, rows, scrollback });
  const numbers = new LineNumbers(terminal as unknown as BrowserTerminal);
  const write = (text: string) => new Promise<void>((done) => terminal.write(text, done));
  const text = (line: number) => {
    const index = numbers.indexOf(line);
    return index === null ? null : terminal.buffer.normal.getLine(index)?.translateToString(true);
  };
  return { terminal, numbers, write, text };
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${String(from + i)}\r\n`).join('');

describe('the numbers of a viewer’s lines', () => {
  it('stay with their lines while old ones leave', async () => {
    const { numbers, write, text } = viewer();
    await write(lines(0, 8));
    expect(text(3)).toBe('line 3');
    await write(lines(8, 40));
    expect(text(3)).toBeNull();
    expect(numbers.first).toBe(26);
    expect(text(30)).toBe('line 30');
    expect(numbers.numberOf(numbers.indexOf(31) ?? -1)).toBe(31);
    expect(text(99)).toBeNull();
  });

  it('begin where a snapshot says', async () => {
    const { terminal, numbers, write, text } = viewer();
    await write(lines(0, 40));
    await new Promise<void>((done) => {
      terminal.write('\x18\x1bc', () => {
        numbers.restart(100);
        done();
      });
    });
    await write(lines(100, 130));
    expect(numbers.first).toBe(116);
    expect(text(120)).toBe('line 120');
  });

  it('are not taken twice after the program clears or resets its terminal', async () => {
    const { numbers, write, text } = viewer();
    await write(lines(0, 12));
    expect(numbers.first).toBe(0);
    await write('\x1b[3J');
    expect(numbers.first).toBe(8);
    expect(text(9)).toBe('line 9');
    await write(`\x1b[H\x1b[2J${lines(8, 14)}\x1bc`);
    expect(numbers.first).toBe(10);
    await write(lines(10, 40));
    expect(numbers.first).toBe(26);
    expect(text(30)).toBe('line 30');
  });

  it('have a gap between the scrollback and a screen that was painted anew', async () => {
    const { numbers, write, text } = viewer();
    await write(lines(0, 12));
    // The screen of then becomes scrollback, and the present one is some way ahead.
    await write(`\x1b[5H\n\n\n\n\n\x1b[H${lines(900, 904)}`);
    numbers.repainted(900);
    expect(text(9)).toBe('line 9');
    expect(text(902)).toBe('line 902');
    expect(text(14)).toBeNull();
    expect(text(899)).toBeNull();
    expect(numbers.numberOf(numbers.indexOf(903) ?? -1)).toBe(903);
    numbers.restart(894);
    expect(numbers.numberOf(0)).toBe(894);
  });

  it('are not touched by the alternate screen', async () => {
    const { numbers, write, text } = viewer();
    await write(lines(0, 12));
    await write(`\x1b[?1049h${lines(50, 90)}\x1b[?1049l`);
    expect(numbers.first).toBe(0);
    expect(text(11)).toBe('line 11');
  });
});
