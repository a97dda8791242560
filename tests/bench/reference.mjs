// What a viewer shows after it was given a whole text, according to xterm.js itself:
//
//   node reference.mjs COLS ROWS FILE MARKER
//
// prints the description of `ui/src/terminal/inspect.ts`, scrollback included, as JSON. The text goes through a
// terminal's line discipline (LF becomes CR LF) and is followed by the marker, as tests/bench/cat.rs writes it.
import { readFileSync } from 'node:fs';

import { headless, importUi } from '../support/ui-modules.mjs';

const [cols, rows, file, marker] = process.argv.slice(2);
const { gridOptions, prepareViewer } = await importUi('terminal/xterm-options');
const { describeViewer } = await importUi('terminal/inspect');
const { KeyboardModes } = await importUi('terminal/keyboard-modes');
const { Terminal } = headless();

const terminal = new Terminal({
  ...gridOptions,
  cols: Number(cols),
  rows: Number(rows),
  scrollback: 10_000,
  logLevel: 'off',
});
prepareViewer(terminal);
const keyboard = new KeyboardModes(terminal);
const write = (text) => new Promise((done) => terminal.write(text, done));
const PIECE = 1 << 20;
const text = readFileSync(file, 'latin1').replaceAll('\n', '\r\n');
for (let at = 0; at < text.length; at += PIECE) {
  await write(Buffer.from(text.slice(at, at + PIECE), 'latin1'));
}
await write(`\r\n${marker}\r\n`);
process.stdout.write(JSON.stringify(describeViewer(terminal, keyboard, 0, 20_000)));
