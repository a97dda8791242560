import { Terminal } from '@xterm/headless';
import type { Terminal as BrowserTerminal } from '@xterm/xterm';
import { expect, it } from 'vitest';

import { KeyboardModes } from './keyboard-modes';

async function after(stream: string): Promise<[flags: number, otherKeys: number]> {
  const terminal = new Terminal({ allowProposedApi: true, cols: 40, rows: 10 });
  const modes = new KeyboardModes(terminal as unknown as BrowserTerminal);
  await new Promise<void>((done) => terminal.write(stream, done));
  return [modes.flags, modes.otherKeys];
}

// The same streams and answers as the host's test of `CSI ? u`.
it.each<[string, number, number]>([
  ['', 0, 0],
  ['\x1b[>5u', 5, 0],
  ['\x1b[>u', 0, 0],
  ['\x1b[>5u\x1b[?1049h', 0, 0],
  ['\x1b[>5u\x1b[?1049h\x1b[=2;2u', 2, 0],
  ['\x1b[>5u\x1b[?1049h\x1b[=2;2u\x1b[?1049l', 5, 0],
  ['\x1b[>1u\x1b[>31u\x1b[<u', 1, 0],
  ['\x1b[>1u\x1b[>31u\x1b[<u\x1b[<9u', 0, 0],
  ['\x1b[=5u', 5, 0],
  ['\x1b[=5u\x1b[=2;2u', 7, 0],
  ['\x1b[=7u\x1b[=2;3u', 5, 0],
  ['\x1b[>7u\x1b[=1;1u\x1b[<u', 0, 0],
  ['\x1b[>255u', 31, 0],
  [`\x1b[>1u${'\x1b[>2u'.repeat(10)}\x1b[<9u`, 2, 0],
  [`\x1b[>1u${'\x1b[>2u'.repeat(10)}\x1b[<10u`, 0, 0],
  ['\x1b[>5u\x1b[>4;2m\x1bc', 0, 0],
  ['\x1b[>5u\x1b[>4;2m\x1b[!p', 5, 2],
  ['\x1b[>4;1m', 0, 1],
  ['\x1b[>4;9m', 0, 2],
  ['\x1b[>4;2m\x1b[>4m', 0, 0],
  ['\x1b[>4;2m\x1b[>4n', 0, 0],
  ['\x1b[>4;2m\x1b[>m', 0, 0],
  ['\x1b[>4;2m\x1b[>1;2m', 0, 2],
])('%j leaves flags %i and level %i', async (stream, flags, level) => {
  expect(await after(stream)).toEqual([flags, level]);
});
