/** Going from one turn of a terminal's history to the next. */
import * as ipc from '../ipc';
import type { LiveTerminal } from './live.svelte';
import { nextTurn, turnsOf } from './turns';

/** How long the line that was gone to is marked. */
const FLASH_MS = 900;

/** What came of it: `alternate` where the program keeps its history to itself. */
export type Jump = 'done' | 'none' | 'alternate';

/**
 * Brings the turn before or after the one at the top of what is seen to the top.
 *
 * @throws what the app says when the host cannot be asked
 */
export async function jump(terminal: LiveTerminal, down: boolean): Promise<Jump> {
  const xterm = terminal.screen.terminal;
  if (xterm.buffer.active.type === 'alternate') return 'alternate';
  const { projectId, terminalKey, lines } = terminal;
  const found = await ipc.findInTerminal(projectId, terminalKey, turnsOf(terminalKey));
  if (found.result !== 'found') return 'none';
  if (found.alternate) return 'alternate';
  const rows = found.matches.map(([row]) => row);
  const { viewportY, baseY } = xterm.buffer.active;
  // At the end of the history the last turns are below the top row, and each is one step.
  const at = terminal.turn?.viewportY === viewportY ? terminal.turn.row : null;
  const top = viewportY === baseY && !down ? viewportY + xterm.rows : viewportY;
  const next = nextTurn(rows, at ?? lines.numberOf(top), down);
  if (next === null && down) {
    xterm.scrollToBottom();
    terminal.turn = null;
    return 'none';
  }
  const index = next === null ? null : lines.indexOf(next);
  if (next === null || index === null) return 'none';
  xterm.scrollToLine(index);
  terminal.turn = { row: next, viewportY: xterm.buffer.active.viewportY };
  flash(terminal, index);
  return 'done';
}

/** Marks a row for a moment. */
function flash(terminal: LiveTerminal, index: number): void {
  const { element, terminal: xterm } = terminal.screen;
  const area = element.querySelector<HTMLElement>('.xterm-screen');
  if (!area) return;
  const { height } = terminal.screen.cell();
  const mark = document.createElement('div');
  mark.className = 'turn-mark';
  mark.style.top = `${String((index - xterm.buffer.active.viewportY) * height)}px`;
  mark.style.height = `${String(height)}px`;
  area.append(mark);
  setTimeout(() => mark.remove(), FLASH_MS);
}
