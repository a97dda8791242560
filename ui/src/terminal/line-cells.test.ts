import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';

import { describeViewer } from './inspect';
import { putLineCells, readLineCells } from './line-cells';
import { gridOptions, prepareViewer } from './xterm-options';

type Prepared = Parameters<typeof prepareViewer>[0];

const WRAPPED = 0x8000_0000;
const WORDS = 0x4000_0000;
const RED = 0x0100_0001;
const UNDERLINED = 0x1000_0000;
const HAS_EXTENDED = 0x1000_0000;
const CURLY = 3 << 26;
const WIDE = 2 << 22;
const NARROW = 1 << 22;

/** As the host puts a batch together: `abc` with a red, curly b, `漢` and an erased cell, a blank line that goes on. */
function batch(): Uint8Array {
  const looks = [0, 0, 0, RED | UNDERLINED, HAS_EXTENDED, CURLY];
  const lines = [3, 2, 3 | WORDS, 0, WRAPPED, 0];
  const runs = [1, 1 | (1 << 16)];
  const words = [WIDE | 0x6f22, 0, NARROW];
  const text = [0x61, 0x62, 0x63];
  const counts = [looks.length / 3, lines.length / 2, runs.length, words.length, text.length];
  const numbers = new Uint32Array([...counts, ...looks, ...lines, ...runs, ...words]);
  return new Uint8Array([...new Uint8Array(numbers.buffer), ...text]);
}

function viewer(): Terminal {
  const terminal = new Terminal({ ...gridOptions, cols: 10, rows: 2 });
  prepareViewer(terminal as unknown as Prepared);
  return terminal;
}

/** That of the red b. */
function underline(terminal: Terminal): number | undefined {
  const { lines } = (terminal as unknown as { _core: { buffer: Buffer } })._core.buffer;
  return lines.get(1)._extendedAttrs[1]?.ext;
}

interface Buffer {
  lines: { get(y: number): { _extendedAttrs: Record<number, { ext: number } | undefined> } };
}

async function written(terminal: Terminal, text: string): Promise<void> {
  await new Promise<void>((parsed) => terminal.write(text, parsed));
}

describe('lines as cells', () => {
  it('look as if their bytes had been written, and what is written next goes on from them', async () => {
    const put = viewer();
    const cells = readLineCells(batch());
    if (!cells) throw new Error('not read');
    await written(put, 'before\r\n');
    putLineCells(put as unknown as Prepared, cells);
    await written(put, 'after');
    const parsed = viewer();
    await written(parsed, 'before\r\na\x1b[31;4:3mb\x1b[mc\r\n漢\r\nafter');
    const [a, b] = [put, parsed].map((terminal) =>
      describeViewer(terminal as never, { flags: 0, otherKeys: 0 }, 0, 10),
    );
    expect(a?.lines.map((line) => line.wrapped)).toEqual([false, false, false, true]);
    expect(a?.lines.map((line) => line.cells)).toEqual(b?.lines.map((line) => line.cells));
    expect(a?.cursor).toEqual(b?.cursor);
    expect(underline(put)).toBe(CURLY);
    expect(underline(parsed)).toBe(CURLY);
  });

  it('may begin anywhere in a message', () => {
    const shifted = new Uint8Array([7, ...batch()]).subarray(1);
    expect(readLineCells(shifted)).toEqual(readLineCells(batch()));
  });

  it('are refused where a part is missing or too long', () => {
    const whole = batch();
    for (let end = 0; end < whole.length; end += 1) {
      expect(readLineCells(whole.subarray(0, end))).toBeNull();
    }
    expect(readLineCells(new Uint8Array([...whole, 0]))).toBeNull();
    for (const place of [0, 4, 8, 12, 16, 44, 48]) {
      const changed = whole.slice();
      changed[place] = (changed[place] ?? 0) + 1;
      expect(readLineCells(changed), String(place)).toBeNull();
    }
  });
});
