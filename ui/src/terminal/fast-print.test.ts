import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';

import { gridOptions, prepareViewer } from './xterm-options';

type Prepared = Parameters<typeof prepareViewer>[0];

/** What makes up a stream: signs of every kind, and what changes how signs are written. */
const PIECES = [
  'a',
  'plain ASCII',
  'longer than the row is wide, and a little more than that',
  '\x1b[31m',
  '\x1b[48;2;1;2;3m',
  '\x1b[m',
  '\x1b[4:3;58:5:3m',
  '\x1b]8;;https://example.org\x1b\\',
  '\x1b]8;;\x1b\\',
  '漢字',
  'é',
  'e\u0301',
  '\u0301',
  '│ ─ ⏵',
  '👩‍👧',
  '\x1b[4h',
  '\x1b[4l',
  '\x1b[?7l',
  '\x1b[?7h',
  '\x1b(0',
  '\x1b(B',
  '\x0e',
  '\x0f',
  '\x1b[1"q',
  '\x1b[0"q',
  '\x1b[3b',
  '\r',
  '\r\n',
  '\b',
  '\t',
  '\x1b[4D',
  '\x1b[5D',
  '\x1b[3C',
  '\x1b[2A',
  '\x1b[K',
  '\x1b[2P',
  '\x1b[?1049h',
  '\x1b[?1049l',
];

/** Prints as xterm.js does, though what prepares one terminal changes how all of them print. */
function untouched(options: ConstructorParameters<typeof Terminal>[0]): Terminal {
  const terminal = new Terminal(options);
  const input = (terminal as unknown as { _core: { _inputHandler: { print: unknown } } })._core
    ._inputHandler;
  input.print = ORIGINAL;
  return terminal;
}
const ORIGINAL: unknown = (
  Object.getPrototypeOf(
    (new Terminal({ allowProposedApi: true }) as unknown as { _core: { _inputHandler: object } })
      ._core._inputHandler,
  ) as { print: unknown }
).print;

function cells(terminal: Terminal): string[] {
  const buffer = terminal.buffer.active;
  const rows = Array.from({ length: buffer.length }, (_, y) => {
    const line = (
      terminal as unknown as {
        _core: {
          buffer: { lines: { get(y: number): { _data: Uint32Array; isWrapped: boolean } } };
        };
      }
    )._core.buffer.lines.get(y);
    return `${line.isWrapped ? '>' : ' '}${buffer.getLine(y)?.translateToString() ?? ''} ${[...line._data].join()}`;
  });
  return [`${String(buffer.cursorX)} ${String(buffer.cursorY)}`, ...rows];
}

describe('printing ASCII the short way', () => {
  it('leaves the cells that xterm.js leaves', async () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const options = { ...gridOptions, cols: 20, rows: 5, scrollback: 30 };
    const fast = new Terminal(options);
    prepareViewer(fast as unknown as Prepared);
    const plain = untouched(options);
    prepareViewer(plain as unknown as Prepared);
    for (let round = 0; round < 400; round += 1) {
      const text = Array.from({ length: 20 }, () => PIECES[random(PIECES.length)]).join('');
      await Promise.all(
        [fast, plain].map((terminal) => new Promise<void>((done) => terminal.write(text, done))),
      );
      expect(cells(fast), JSON.stringify(text)).toEqual(cells(plain));
    }
  });
});
