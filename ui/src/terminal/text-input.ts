/**
 * Text that does not come from a plain key: dead keys, the compose key, input methods.
 *
 * Browsers disagree about the order of composition and input events, and WebKitGTK reports a
 * committed text in several of them. xterm.js sends what it hears, which doubles or drops
 * letters there. Here the events only say *when* to look; *what* was typed is what the hidden
 * text area holds beyond what was already taken from it, so each letter is sent exactly once.
 */

/** Whether this key press belongs to an input method and its text will come by itself. */
export function isComposedKey(event: KeyboardEvent): boolean {
  return (
    event.isComposing ||
    event.keyCode === 229 ||
    event.key === 'Dead' ||
    event.key === 'Process' ||
    event.key === 'Compose' ||
    event.key === 'AltGraph'
  );
}

/** Takes over the text area's text events below `host`, an ancestor of it. */
export class TextInput {
  readonly #area: HTMLTextAreaElement;
  readonly #send: (text: string) => void;
  readonly #preedit: (text: string) => void;
  /** How much of the text area's value was sent already. */
  #taken = 0;
  #composing = false;
  /** Something was written into the text area by the person since it was last looked at. */
  #written = false;

  constructor(
    host: HTMLElement,
    area: HTMLTextAreaElement,
    send: (text: string) => void,
    preedit: (text: string) => void,
  ) {
    this.#area = area;
    this.#send = send;
    this.#preedit = preedit;
    const on = <T extends Event>(type: string, handle: (event: T) => void) => {
      host.addEventListener(
        type,
        (event) => {
          if (event.target !== area) return;
          // xterm.js listens at the text area itself and must not hear of it.
          event.stopPropagation();
          handle(event as T);
        },
        true,
      );
    };
    on('compositionstart', () => this.#start());
    on<CompositionEvent>('compositionupdate', (event) => this.#preedit(event.data));
    on('compositionend', () => this.#end());
    on<InputEvent>('input', (event) => {
      this.#written = true;
      // Some report the committed text after the end of the composition, some before it.
      if (!this.#composing && !event.isComposing) this.take();
    });
    area.addEventListener('keypress', (event) => {
      // xterm.js has sent this key and would let it fall into the text area as well.
      event.preventDefault();
    });
    area.addEventListener('blur', () => {
      if (!this.#composing) this.#clear();
    });
  }

  get composing(): boolean {
    return this.#composing;
  }

  /** Sends what the text area holds beyond what was sent. */
  take(): void {
    if (this.#composing) return;
    const value = this.#area.value;
    if (!this.#written) {
      // xterm.js puts what is selected with the mouse into it, which nobody has typed.
      if (value !== '') this.#area.value = '';
      this.#taken = 0;
      return;
    }
    this.#written = false;
    const text = value.slice(this.#taken);
    this.#taken = value.length;
    if (text) this.#send(text);
    // Emptying it under an input method's hands would confuse the next composition.
    setTimeout(() => this.#clear());
  }

  #start(): void {
    this.take();
    this.#composing = true;
    this.#preedit('');
  }

  #end(): void {
    this.#composing = false;
    this.#written = true;
    this.#preedit('');
    // The text is in the text area now or, in some browsers, with the next event.
    setTimeout(() => this.take());
  }

  #clear(): void {
    if (this.#composing || this.#area.value.length !== this.#taken) return;
    this.#area.value = '';
    this.#taken = 0;
  }
}
