/** The window's keys. They are caught before the terminal hears of them. */
import * as ipc from '../ipc';
import { type Action, actionOf } from '../terminal/keys';
import type { app as App } from './app.svelte';

/** Regions in the order of the focus. */
const REGIONS = ['projects', 'terminal', 'cues', 'status'];

export class Shortcuts {
  readonly #app: typeof App;

  constructor(app: typeof App) {
    this.#app = app;
  }

  listen(): () => void {
    const keydown = (event: KeyboardEvent) => {
      if (event.isComposing || event.keyCode === 229) return;
      const action = actionOf(event, this.#app.platform);
      // In front of a dialog only what closes or reads the window makes sense.
      if (!action || (this.#app.dialog && !action.do.startsWith('zoom'))) return;
      if (!this.#mayAct(action, event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#act(action);
    };
    window.addEventListener('keydown', keydown, true);
    return () => window.removeEventListener('keydown', keydown, true);
  }

  /** Text fields keep their own copy and paste. */
  #mayAct(action: Action, event: KeyboardEvent): boolean {
    if (action.do !== 'copy' && action.do !== 'paste') return true;
    const target = event.target;
    return !(target instanceof HTMLInputElement);
  }

  #act(action: Action): void {
    const app = this.#app;
    switch (action.do) {
      case 'openFolder':
        void app.openFolder();
        break;
      case 'project': {
        const project = app.projects[action.index];
        if (project) {
          app.select(project.id);
          app.focusTerminal();
        }
        break;
      }
      case 'previousProject':
      case 'nextProject':
        app.selectBy(action.do === 'nextProject' ? 1 : -1);
        app.focusTerminal();
        break;
      case 'nextNeedsYou':
        app.showNextNeedsYou();
        break;
      case 'sidebar':
        void app.prefer({ sidebarCollapsed: !(app.preferences?.sidebarCollapsed ?? false) });
        break;
      case 'find':
        app.findOpen = app.session?.shown !== undefined;
        break;
      case 'copy': {
        const text = app.session?.shown?.selection() ?? '';
        if (text) void app.attempt(() => ipc.writeClipboard(text));
        break;
      }
      case 'paste':
        void this.#paste();
        break;
      case 'zoomIn':
        app.zoom(1);
        break;
      case 'zoomOut':
        app.zoom(-1);
        break;
      case 'zoomReset':
        app.zoom(0);
        break;
      case 'nextRegion':
        this.#region(1);
        break;
      case 'previousRegion':
        this.#region(-1);
        break;
      case 'closeWindow':
        app.requestClose();
        break;
    }
  }

  async #paste(): Promise<void> {
    const terminal = this.#app.session?.shown;
    const text = await this.#app.attempt(() => ipc.readClipboard());
    if (text && terminal && terminal === this.#app.session?.shown) terminal.paste(text);
  }

  /** F6 leaves the terminal and comes back to it. */
  #region(step: number): void {
    const regions = REGIONS.map((name) =>
      document.querySelector<HTMLElement>(`[data-region="${name}"]`),
    ).filter((element) => element !== null);
    const at = regions.findIndex((element) => element.contains(document.activeElement));
    for (let tried = 1; tried <= regions.length; tried += 1) {
      const next = regions[(at + step * tried + regions.length * 2) % regions.length];
      if (!next) return;
      if (next.dataset['region'] === 'terminal') {
        this.#app.focusTerminal();
        return;
      }
      const inside =
        next.querySelector<HTMLElement>('[data-entry]') ??
        next.querySelector<HTMLElement>('button, [tabindex="0"], input');
      if (inside) {
        inside.focus();
        return;
      }
    }
  }
}
