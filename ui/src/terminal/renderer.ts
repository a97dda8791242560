/**
 * What draws a terminal: elements of the page, or the graphics card where the person chose that
 * and the web view can. Only a terminal that is seen holds a context of the card: a web view
 * gives out a few, and takes the oldest away when there are more.
 */
import type { WebglAddon } from '@xterm/addon-webgl';
import type { Terminal } from '@xterm/xterm';

export type RendererChoice = 'dom' | 'webgl';

export class TerminalRenderer {
  readonly #terminal: Terminal;
  #choice: RendererChoice = 'dom';
  #seen = false;
  #webgl: WebglAddon | null = null;
  /** The card failed this terminal; it is not tried again until the person chooses anew. */
  #failed = false;
  #disposed = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Takes effect at once where the terminal is seen, otherwise when it is. */
  set choice(choice: RendererChoice) {
    if (choice === this.#choice) return;
    this.#choice = choice;
    this.#failed = false;
    this.#update();
  }

  /** Whether the terminal is in front; to be said after it is in the page. */
  set seen(seen: boolean) {
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#update();
  }

  /** What draws it now. */
  get current(): RendererChoice {
    return this.#webgl ? 'webgl' : 'dom';
  }

  dispose(): void {
    this.#disposed = true;
    this.#toDom();
  }

  get #wantsWebgl(): boolean {
    return this.#choice === 'webgl' && this.#seen && !this.#failed && !this.#disposed;
  }

  #update(): void {
    if (this.#wantsWebgl) void this.#toWebgl();
    else this.#toDom();
  }

  async #toWebgl(): Promise<void> {
    if (this.#webgl) return;
    try {
      const { WebglAddon } = await import('@xterm/addon-webgl');
      // It may have been hidden, or the choice changed, meanwhile.
      if (this.#webgl || !this.#wantsWebgl) return;
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => this.#fail());
      this.#terminal.loadAddon(webgl);
      this.#webgl = webgl;
    } catch {
      this.#fail();
    }
  }

  #fail(): void {
    this.#failed = true;
    this.#toDom();
  }

  /** Without the add-on xterm.js draws with elements again. */
  #toDom(): void {
    const webgl = this.#webgl;
    this.#webgl = null;
    webgl?.dispose();
  }
}
