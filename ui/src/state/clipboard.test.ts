import { beforeEach, expect, it, vi } from 'vitest';

import { Clipboard } from './clipboard.svelte';

const ipc = vi.hoisted(() => ({
  writeClipboard: vi.fn(() => Promise.resolve()),
  writePrimary: vi.fn(() => Promise.resolve()),
}));
vi.mock('../ipc', () => ipc);

function desk({ may = true, asks = true, front = true } = {}) {
  const asked: string[] = [];
  const pasted: string[] = [];
  const terminal = {
    projectId: 'p',
    terminalKey: 'shell-1',
    pasteUnasked: (text: string) => void pasted.push(text),
  };
  const clipboard = new Clipboard<typeof terminal>({
    mayWrite: () => may,
    asksBeforePaste: () => asks,
    isInFront: () => front,
    ask: (_terminal, text) => void asked.push(text),
    attempt: (work) => work(),
  });
  return { clipboard, terminal, asked, pasted };
}

beforeEach(() => {
  vi.clearAllMocks();
});

it('several lines are shown first, unless the program knows that they are a paste', () => {
  const { clipboard, terminal, asked, pasted } = desk();
  clipboard.paste(terminal, 'one\ntwo', false);
  expect([asked, pasted]).toEqual([['one\ntwo'], []]);
  clipboard.paste(terminal, 'one\ntwo', true);
  clipboard.paste(terminal, 'one', false);
  expect([asked, pasted]).toEqual([['one\ntwo'], ['one\ntwo', 'one']]);
});

it('who does not want to be asked is not', () => {
  const { clipboard, terminal, asked, pasted } = desk({ asks: false });
  clipboard.paste(terminal, 'one\ntwo', false);
  expect([asked, pasted]).toEqual([[], ['one\ntwo']]);
});

it('a program in front copies', () => {
  const { clipboard, terminal } = desk();
  clipboard.programCopies(terminal, 'text', false, false);
  clipboard.programCopies(terminal, 'selected', true, false);
  expect(ipc.writeClipboard.mock.calls).toEqual([['text']]);
  expect(ipc.writePrimary.mock.calls).toEqual([['selected']]);
  expect(clipboard.uncopied).toBeNull();
});

it('a program that is not in front copies only when the person says so', async () => {
  const { clipboard, terminal } = desk({ front: false });
  clipboard.programCopies(terminal, 'selected', true, false);
  expect(clipboard.uncopied).toBeNull();
  clipboard.programCopies(terminal, 'text', false, false);
  expect(ipc.writeClipboard).not.toHaveBeenCalled();
  expect(clipboard.uncopied).toMatchObject({ why: 'notInFront', text: 'text' });
  await clipboard.copyUncopied();
  expect(ipc.writeClipboard.mock.calls).toEqual([['text']]);
  expect(clipboard.uncopied).toBeNull();
});

it('a text that is too long is not copied, and that is said', () => {
  const { clipboard, terminal } = desk();
  clipboard.programCopies(terminal, '', false, true);
  expect(ipc.writeClipboard).not.toHaveBeenCalled();
  expect(clipboard.uncopied).toMatchObject({ why: 'tooLong' });
});

it('where programs may not copy nothing is copied and nothing is said', () => {
  const { clipboard, terminal } = desk({ may: false, front: false });
  clipboard.programCopies(terminal, 'text', false, false);
  clipboard.programCopies(terminal, '', false, true);
  expect(ipc.writeClipboard).not.toHaveBeenCalled();
  expect(clipboard.uncopied).toBeNull();
});
