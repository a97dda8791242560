/** What is typed into a screen, beyond the plain keys that xterm.js sends by itself. */
import { isText, type KeyPress, KeyReader, MODIFIER_KEYS } from './key-press';
import type { KeyboardModes } from './keyboard-modes';
import { encodeKittyKey, encodeKittyText } from './kitty-keyboard';
import { encodeOtherKey } from './other-keys';
import { isComposedKey, TextInput } from './text-input';
import type { ScreenElement } from './screen';

/** Sends what was typed; `acts` is false where it changes nothing of what is in sight. */
export type Type = (text: string, acts: boolean) => void;

export class Keyboard {
  readonly #screen: ScreenElement;
  readonly #modes: KeyboardModes;
  readonly #type: Type;
  readonly #preedit = document.createElement('div');
  readonly #reader = new KeyReader();
  /**
   * The keys whose press came here, and whether it was sent as a sequence: only their release is
   * the program's business.
   */
  readonly #pressed = new Map<string, boolean>();
  #input: TextInput | null = null;

  constructor(screen: ScreenElement, modes: KeyboardModes, type: Type) {
    this.#screen = screen;
    this.#modes = modes;
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
    this.#input = new TextInput(
      this.#screen.element,
      area,
      (text) => this.#type(encodeKittyText(text, this.#modes.flags), true),
      (text) => this.#showPreedit(text),
    );
    area.addEventListener('blur', () => {
      this.#pressed.clear();
      this.#reader.forget();
    });
  }

  /** Returns whether xterm.js may handle the key. */
  #key(event: KeyboardEvent): boolean {
    if (event.type === 'keypress') return !isComposedKey(event);
    const press = this.#reader.read(event);
    if (event.type === 'keyup') {
      const told = this.#pressed.get(event.code);
      this.#pressed.delete(event.code);
      if (told !== undefined) this.#send(press, told);
      return true;
    }
    const isModifier = press.key in MODIFIER_KEYS;
    if (isComposedKey(event) && !isModifier) return false;
    // A text that is still in the text area came before this key.
    this.#input?.take();
    const sent = this.#send(press);
    this.#pressed.set(event.code, sent);
    if (!sent) return !isComposedKey(event);
    event.preventDefault();
    event.stopPropagation();
    return false;
  }

  /** Sends the key where it is not one that xterm.js sends. Returns whether that is so. */
  #send(press: KeyPress, told = false): boolean {
    const flags = this.#modes.flags;
    const bytes =
      encodeKittyKey(press, flags, told) ??
      encodeOtherKey(press, flags === 0 ? this.#modes.otherKeys : 0) ??
      beyondXterm(press);
    if (bytes === null || (bytes === '' && press.key in MODIFIER_KEYS)) return false;
    if (bytes !== '') {
      this.#type(bytes, press.event !== 'release' && !(press.key in MODIFIER_KEYS));
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
      top: `${String(top)}px`,
      lineHeight: `${String(height)}px`,
      fontFamily: this.#screen.terminal.options.fontFamily ?? '',
      fontSize: `${String(this.#screen.fontSize)}px`,
    });
    // Near the right edge all of it is seen, too.
    const width = this.#preedit.offsetWidth;
    this.#preedit.style.left = `max(0px, min(${String(left)}px, 100% - ${String(width)}px))`;
  }
}

/** Keys of old terminals that xterm.js does not send, or not as a person means them. */
export function beyondXterm(press: KeyPress): string | null {
  const { key, base, shift, alt, ctrl } = press;
  if (press.event === 'release' || press.super) return null;
  // A line break instead of the submission that a plain Enter is.
  if (key === 'Enter' && shift && !ctrl && !alt) return '\n';
  if (!isText(key) || key.charCodeAt(0) < 0x80 || (!ctrl && !alt)) return null;
  // On a layout without Latin letters Ctrl means the letter of the same key.
  const meta = alt ? '\x1b' : '';
  if (!ctrl) return meta + key;
  if (base === null || !/[a-z[\\\]]/.test(base)) return null;
  return meta + String.fromCharCode(base.charCodeAt(0) & 0x1f);
}
