/**
 * The X11 way of the mouse: what is selected is the primary selection, the middle button pastes
 * it. And every other paste that the web view starts by itself.
 */
import * as ipc from '../ipc';
import type { ScreenElement } from './screen';

/** A web view pastes on the middle button by itself, too: within this time it is the same paste. */
const SAME_PASTE_MS = 400;

export class Mouse {
  readonly #screen: ScreenElement;
  readonly #paste: (text: string) => void;
  #middleAt = -Infinity;
  #selected = '';

  constructor(screen: ScreenElement, paste: (text: string) => void) {
    this.#screen = screen;
    this.#paste = paste;
    const element = screen.element;
    element.addEventListener('mouseup', (event) => this.#up(event), true);
    element.addEventListener('auxclick', (event) => this.#stop(event), true);
    element.addEventListener('mousedown', (event) => this.#down(event), true);
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
    void ipc
      .readPrimary()
      .then((text) => this.#paste(text))
      .catch(() => undefined);
  }

  #stop(event: MouseEvent): void {
    if (event.button !== 1) return;
    event.preventDefault();
    event.stopPropagation();
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
    if (text) this.#paste(text);
  }
}
