/**
 * The X11 way of the mouse: what is selected is the primary selection, the middle button pastes
 * it. And every other paste that the web view starts by itself.
 */
import type { Terminal } from '@xterm/xterm';

import * as ipc from '../ipc';
import type { ScreenElement } from './screen';

/** A web view pastes on the middle button by itself, too: within this time it is the same paste. */
const SAME_PASTE_MS = 400;
/** A report of the mouse (SGR, mode 1006), and the bit of its code that says that it only moved. */
const REPORT = '\x1b[<';
const MOVED = 32;

/** The person wants the menu of a terminal: an event of its element, with the place. */
export const MENU_EVENT = 'reprise-terminal-menu';

/** Pastes what `read` finds. */
export type Pasting = (read: () => Promise<string>) => void;

export interface MenuPlace {
  left: number;
  top: number;
}

/** The parts of xterm.js that have no public name. */
interface Core {
  coreService: { triggerDataEvent: (data: string, byPerson?: boolean) => void };
}

export class Mouse {
  readonly #screen: ScreenElement;
  readonly #paste: Pasting;
  #middleAt = -Infinity;
  #selected = '';

  constructor(screen: ScreenElement, paste: Pasting) {
    this.#screen = screen;
    this.#paste = paste;
    moveQuietly(screen.terminal);
    const element = screen.element;
    element.addEventListener('mouseup', (event) => this.#up(event), true);
    element.addEventListener('auxclick', (event) => this.#stop(event), true);
    element.addEventListener('mousedown', (event) => this.#down(event), true);
    element.addEventListener('contextmenu', (event) => this.#menu(event), true);
    element.addEventListener('paste', (event) => this.#pasted(event), true);
  }

  /** Whether the program itself gets the mouse; Shift takes it back. */
  #programHasMouse(event: MouseEvent): boolean {
    return this.#screen.terminal.modes.mouseTrackingMode !== 'none' && !event.shiftKey;
  }

  #down(event: MouseEvent): void {
    // No scrolling by the middle button, and no paste of the web view's own.
    if (event.button === 1) event.preventDefault();
  }

  #up(event: MouseEvent): void {
    if (event.button === 0) {
      // xterm.js ends the selection with this very event.
      setTimeout(() => this.#offerSelection());
      return;
    }
    if (event.button !== 1) return;
    event.preventDefault();
    this.#middleAt = performance.now();
    if (this.#programHasMouse(event)) return;
    this.#screen.terminal.focus();
    this.#paste(() => ipc.readPrimary());
  }

  #stop(event: MouseEvent): void {
    if (event.button !== 1) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The right button is the program's as well, or a menu of our own instead of the web view's. */
  #menu(event: MouseEvent): void {
    event.preventDefault();
    // xterm.js would move its text area to the pointer for the web view's menu.
    event.stopPropagation();
    if (this.#programHasMouse(event)) return;
    const detail: MenuPlace = { left: event.clientX, top: event.clientY };
    this.#screen.element.dispatchEvent(new CustomEvent(MENU_EVENT, { bubbles: true, detail }));
  }

  #offerSelection(): void {
    const text = this.#screen.terminal.getSelection();
    if (text === '' || text === this.#selected) return;
    this.#selected = text;
    void ipc.writePrimary(text).catch(() => undefined);
  }

  /** From the web view's own menu; the middle button's is done already. */
  #pasted(event: ClipboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    if (performance.now() - this.#middleAt < SAME_PASTE_MS) return;
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text) this.#paste(() => Promise.resolve(text));
  }
}

/**
 * What a person types goes to the bottom of the scrollback and ends the selection; to xterm.js
 * every report of the mouse is typed, also of one that only moves over what was selected.
 */
function moveQuietly(terminal: Terminal): void {
  const { coreService } = (terminal as unknown as { _core: Core })._core;
  const trigger = coreService.triggerDataEvent.bind(coreService);
  coreService.triggerDataEvent = (data, byPerson) => {
    trigger(data, byPerson === true && !isMove(data));
  };
}

/** Whether this is the report of a mouse that only moved. */
export function isMove(data: string): boolean {
  return data.startsWith(REPORT) && (parseInt(data.slice(REPORT.length)) & MOVED) !== 0;
}
