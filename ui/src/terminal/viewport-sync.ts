/**
 * xterm.js 6.0 brings its scrollbar up to date with every line that is added, which costs several
 * times what parsing the line does. Once for each frame is enough, and before anybody scrolls.
 */
import type { Terminal } from '@xterm/xterm';

/** The part of xterm.js that scrolls; it has no public name. */
interface Viewport {
  _sync(ydisp?: number): void;
  scrollLines(lines: number): void;
  scrollToLine(line: number, now?: boolean): void;
}

interface Core {
  _core: { _viewport?: Viewport };
}

/** To be called once, when the terminal is in the page. What it returns ends it, before the terminal is disposed of. */
export function syncViewportByFrame(terminal: Terminal): () => void {
  const viewport = (terminal as unknown as Core)._core._viewport;
  if (!viewport) return () => undefined;
  const sync = viewport._sync.bind(viewport);
  const scrollLines = viewport.scrollLines.bind(viewport);
  const scrollToLine = viewport.scrollToLine.bind(viewport);
  let due: number | null = null;
  const catchUp = () => {
    if (due === null) return;
    cancelAnimationFrame(due);
    due = null;
    sync();
  };
  viewport._sync = (ydisp) => {
    if (ydisp === undefined) due ??= requestAnimationFrame(catchUp);
    else sync(ydisp);
  };
  viewport.scrollLines = (lines) => {
    catchUp();
    scrollLines(lines);
  };
  viewport.scrollToLine = (line, now) => {
    catchUp();
    scrollToLine(line, now);
  };
  for (const type of ['wheel', 'pointerdown']) {
    terminal.element?.addEventListener(type, catchUp, { capture: true, passive: true });
  }
  return () => {
    if (due !== null) cancelAnimationFrame(due);
    viewport._sync = () => undefined;
  };
}
