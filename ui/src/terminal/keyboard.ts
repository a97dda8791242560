/** What is typed into a screen, beyond the plain keys that xterm.js sends by itself. */
import { isComposedKey, TextInput } from './text-input';
import type { ScreenElement } from './screen';

export class Keyboard {
  readonly #screen: ScreenElement;
  readonly #type: (text: string) => void;
  readonly #preedit = document.createElement('div');
  #input: TextInput | null = null;

  constructor(screen: ScreenElement, type: (text: string) => void) {
    this.#screen = screen;
    this.#type = type;
    this.#preedit.className = 'preedit';
    this.#preedit.hidden = true;
    screen.terminal.attachCustomKeyEventHandler((event) => this.#key(event));
  }

  /** To be called once the screen is in the page: before that it has no text area. */
  connect(): void {
    const area = this.#screen.terminal.textarea;
    if (this.#input || !area) return;
    this.#screen.element.querySelector('.xterm-screen')?.append(this.#preedit);
    this.#input = new TextInput(this.#screen.element, area, this.#type, (text) =>
      this.#showPreedit(text),
    );
  }

  /** Returns whether xterm.js may handle the key. */
  #key(event: KeyboardEvent): boolean {
    if (isComposedKey(event)) return false;
    if (event.type === 'keydown') {
      // A text that is still in the text area came before this key.
      this.#input?.take();
      if (event.key === 'Enter' && event.shiftKey && !event.ctrlKey && !event.altKey) {
        // A line break instead of the submission that a plain Enter is.
        event.preventDefault();
        this.#type('\n');
        return false;
      }
    }
    return true;
  }

  /** The text that an input method has not decided yet stands at the cursor. */
  #showPreedit(text: string): void {
    this.#preedit.textContent = text;
    this.#preedit.hidden = text === '';
    if (text === '') return;
    const { left, top, height } = this.#screen.cursorPlace();
    Object.assign(this.#preedit.style, {
      left: `${String(left)}px`,
      top: `${String(top)}px`,
      lineHeight: `${String(height)}px`,
      fontSize: `${String(this.#screen.fontSize)}px`,
    });
  }
}
