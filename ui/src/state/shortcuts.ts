/** The window's keys, and its wheel. They are caught before the terminal hears of them. */
import { type Action, actionOf, isOfMenu } from '../terminal/keys';
import { WheelZoom } from '../terminal/wheel-zoom';
import { canRun, runAction } from './actions';
import type { App } from './app.svelte';

export class Shortcuts {
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  listen(): () => void {
    let leftToMenu = false;
    // The other half of a key that was left: xterm.js takes every one.
    const keypress = (event: KeyboardEvent) => {
      if (leftToMenu) event.stopImmediatePropagation();
    };
    const keydown = (event: KeyboardEvent) => {
      if (event.isComposing || event.keyCode === 229) return;
      leftToMenu = isOfMenu(event, this.#app.platform);
      if (leftToMenu) {
        event.stopImmediatePropagation();
        return;
      }
      const action = actionOf(event, this.#app.platform);
      // In front of a dialog only what closes or reads the window makes sense.
      if (!action || (this.#app.dialog && !action.do.startsWith('zoom'))) return;
      if (!this.#mayAct(action, event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const target = action.do === 'project' ? { index: action.index } : {};
      if (canRun(this.#app, action.do, target))
        runAction(this.#app, { action: action.do, ...target });
    };
    // Also where the program has the mouse: it cannot know how large the text should be.
    const zoom = new WheelZoom();
    const wheel = (event: WheelEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      if (!event.ctrlKey || !target?.closest('.screen')) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const step = zoom.step(event);
      if (step !== 0) this.#app.zoom(step);
    };
    window.addEventListener('keydown', keydown, true);
    window.addEventListener('keypress', keypress, true);
    window.addEventListener('wheel', wheel, { capture: true, passive: false });
    return () => {
      window.removeEventListener('keydown', keydown, true);
      window.removeEventListener('keypress', keypress, true);
      window.removeEventListener('wheel', wheel, { capture: true });
    };
  }

  /** Text fields keep their own copy and paste, programs the keys that mean something in the bar alone. */
  #mayAct(action: Action, event: KeyboardEvent): boolean {
    if (action.do === 'findNext' || action.do === 'findPrevious') {
      return canRun(this.#app, action.do);
    }
    if (!['copy', 'paste', 'pasteSelection'].includes(action.do)) return true;
    const target = event.target;
    if (target instanceof HTMLTextAreaElement) return target.closest('.screen') !== null;
    return !(target instanceof HTMLInputElement);
  }
}
