/** What the actions about the terminal in front do; copy and paste are a field's where that has the keyboard. */
import { t } from '../i18n/index.svelte';
import * as ipc from '../ipc';
import { jump } from '../terminal/jump';
import { shellWord } from '../terminal/shell-words';
import type { App } from './app.svelte';
import { plain, tilde } from './text';

/** Goes to the prompt below or above what is seen. */
export async function jumpTo(app: App, down: boolean): Promise<void> {
  const terminal = app.session?.shown;
  if (!terminal) return;
  app.note = null;
  const came = await app.attempt(() => jump(terminal, down));
  if (came === 'alternate') {
    app.note = { icon: 'notice', title: t('turns.alternate'), text: t('turns.alternate.what') };
  }
}

/** Saves all its lines into a file that is asked for. `coloured`: with the escape sequences of their looks. */
export async function saveScrollback(app: App, coloured: boolean): Promise<void> {
  const terminal = app.session?.shown;
  if (!terminal) return;
  const { projectId, terminalKey } = terminal;
  const saved = await app.attempt(() => ipc.saveScrollback(projectId, terminalKey, coloured));
  if (saved) {
    const path = plain(tilde(saved.path, app.home));
    app.note = {
      icon: 'file',
      title: t('saveScrollback.saved', { count: saved.lines, path }),
      text: null,
    };
  }
}

/** The field that has the keyboard, where it is not the terminal's. */
function field(): HTMLInputElement | HTMLTextAreaElement | null {
  const focused = document.activeElement;
  const isField = focused instanceof HTMLInputElement || focused instanceof HTMLTextAreaElement;
  // xterm's own text area is where the terminal's keys arrive.
  return isField && !focused.closest('.screen') ? focused : null;
}

/** Copies what is selected where the keyboard is. */
export function copy(app: App): void {
  const from = field();
  const text = from
    ? from.value.slice(from.selectionStart ?? 0, from.selectionEnd ?? 0)
    : (app.session?.shown?.selection() ?? '');
  const picked = text || (document.getSelection()?.toString() ?? '');
  if (picked) void app.attempt(() => ipc.writeClipboard(picked));
}

/** Pastes the clipboard where the keyboard is. */
export function paste(app: App): Promise<void> {
  return pasteFrom(app, () => ipc.readClipboard());
}

/** Pastes the primary selection, or what was copied where nothing is selected. */
export function pasteSelection(app: App): Promise<void> {
  return pasteFrom(app, async () => (await ipc.readPrimary()) || ipc.readClipboard());
}

async function pasteFrom(app: App, read: () => Promise<string>): Promise<void> {
  const into = field();
  if (into) {
    const text = await app.attempt(read);
    if (text) insert(into, text);
  } else if (!app.dialog) {
    await app.session?.shown?.pasteFrom(() => app.attempt(async () => (await read()) || image()));
  }
}

/** A program in a terminal can be given the path of an image's file. */
async function image(): Promise<string> {
  const path = await ipc.pasteImage();
  return path ? shellWord(path) : '';
}

function insert(into: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  into.setRangeText(text, into.selectionStart ?? 0, into.selectionEnd ?? 0, 'end');
  into.dispatchEvent(new Event('input', { bubbles: true }));
}
