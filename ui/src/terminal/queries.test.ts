import { Terminal } from '@xterm/headless';
import type { Terminal as BrowserTerminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';

import { swallowQueries } from './queries';

function silent() {
  const terminal = new Terminal({ allowProposedApi: true, cols: 40, rows: 10 });
  const silence = swallowQueries(terminal as unknown as BrowserTerminal);
  const answers: string[] = [];
  terminal.onData((data) => {
    if (!silence.focusIsSilent) answers.push(data);
  });
  const write = (text: string) => new Promise<void>((done) => terminal.write(text, done));
  return { terminal, answers, write };
}

describe('a viewer', () => {
  it.each([
    '\x1b[c',
    '\x1b[0c',
    '\x1b[>c',
    '\x1b[=c',
    '\x1b[5n',
    '\x1b[6n',
    '\x1b[?6n',
    '\x1b[?996n',
    '\x1b[4$p',
    '\x1b[?2026$p',
    '\x1b[>0q',
    '\x1b[18t',
    '\x1b[?u',
    '\x1b]4;1;?\x07',
    '\x1b]10;?\x1b\\',
    '\x1b]11;?\x07',
    '\x1b]12;?\x07',
    '\x1bP$qm\x1b\\',
    '\x1bP+q544e\x1b\\',
    '\x1b[?1004h',
  ])('answers %j with nothing', async (query) => {
    const { answers, write } = silent();
    await write(query);
    expect(answers).toEqual([]);
  });

  it('still does what sets something', async () => {
    const { terminal, write } = silent();
    await write('\x1b[?2004h\x1b[?1004h\x1b[?1000h');
    expect(terminal.modes).toMatchObject({
      bracketedPasteMode: true,
      sendFocusMode: true,
      mouseTrackingMode: 'vt200',
    });
  });
});
