/** One xterm.js, and what Reprise puts around it. */
import type { FilePosition, GridSize, NamedFile } from '../bindings';
import { t } from '../i18n/index.svelte';
import * as ipc from '../ipc';
import { plain } from '../state/text';
import { Drawing } from './drawing';
import { type FileHost, FileLinks } from './file-links';
import { Keyboard } from './keyboard';
import { KeyboardModes } from './keyboard-modes';
import { LineNumbers } from './line-numbers';
import type { Look } from './look';
import { Mouse, type Pasting } from './mouse';
import { swallowQueries } from './queries';
import { ReadingPlace } from './reading-place';
import { TerminalRenderer } from './renderer';
import { SameSelection } from './same-selection';
import { type LinkHost, ScreenElement } from './screen';
import { Wheel } from './wheel';

export interface View {
  screen: ScreenElement;
  lines: LineNumbers;
  keyboardModes: KeyboardModes;
  keyboard: Keyboard;
  selection: SameSelection;
  place: ReadingPlace;
  drawing: Drawing;
  renderer: TerminalRenderer;
}

/** What a person does in it. */
export interface ViewUser {
  typed: (text: string) => void;
  /** One byte for each character. */
  binary: (data: string) => void;
  selected: (hasSelection: boolean) => void;
  pasted: Pasting;
  /** Files that a line names: which are there, and one to be opened. */
  findFiles: FileHost['find'];
  openFile: FileHost['open'];
}

/** With a grid of this size, until its host says another. */
export function makeView(look: Look, { cols, rows }: GridSize, user: ViewUser): View {
  const links: LinkHost = {
    open: (url) => void ipc.openLink(url).catch(() => undefined),
    hover: (url) => {
      screen.element.title = url === null ? '' : t('link.hint', { url: plain(url) });
    },
    openFile: (uri) => files.open(uri),
    hoverFile: (uri) => files.hover(uri),
  };
  const screen = new ScreenElement(look, links, { cols, rows });
  const { terminal } = screen;
  const files = new FileLinks(terminal, {
    find: user.findFiles,
    open: user.openFile,
    hover: (file, position) => (screen.element.title = fileHint(file, position)),
  });
  const silence = swallowQueries(terminal);
  /** What the program knows of the focus: web views tell of one change more than once. */
  let told = '';
  terminal.onData((data) => {
    if (data === '\x1b[I' || data === '\x1b[O') {
      const known = data === told;
      told = data;
      if (known || silence.focusIsSilent) return;
    }
    user.typed(data);
  });
  terminal.onBinary((data) => user.binary(data));
  const lines = new LineNumbers(terminal);
  const keyboardModes = new KeyboardModes(terminal);
  const keyboard = new Keyboard(screen, keyboardModes, (text, acts) => terminal.input(text, acts));
  new Mouse(screen, (read) => user.pasted(read));
  new Wheel(terminal);
  const selection = new SameSelection(terminal, lines, screen.element, (has) => user.selected(has));
  const place = new ReadingPlace(terminal, lines, selection);
  const drawing = new Drawing(terminal);
  const renderer = new TerminalRenderer(terminal);
  renderer.choice = look.renderer;
  return { screen, lines, keyboardModes, keyboard, selection, place, drawing, renderer };
}

export function disposeView(view: View): void {
  view.renderer.dispose();
  view.keyboardModes.dispose();
  view.selection.dispose();
  view.screen.dispose();
}

/** What a click on a file's name does; a file elsewhere is named whole. */
function fileHint(file: NamedFile | null, at: FilePosition | null): string {
  if (!file) return '';
  const place = at === null ? '' : `:${String(at.line)}`;
  if (file.within === null) return t('link.file.outside', { path: plain(file.path) + place });
  return t('link.file', { path: plain(file.within === '' ? file.path : file.within) + place });
}
