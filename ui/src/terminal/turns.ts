/**
 * The places in a terminal's history that a person jumps between: what was asked of Claude Code,
 * and what was typed at a shell's prompt. The host has the lines, so that they are there after
 * every reattach. It knows the prompts that the program marked (OSC 133: fish, zsh and bash with
 * a shell integration, Claude Code for screen readers); where none is marked, they are found by
 * how they are drawn. The patterns are small: the host gives a search little memory.
 */
import type { FindText } from '../bindings';

/**
 * Claude Code 2 draws what was asked as `❯`, a space and the text from the line's start, before
 * that as `> `. At its own prompt the space is a no-break space, and choices in a menu are
 * numbered.
 */
const CLAUDE = '^[❯>] (?:[^\\s\\d]|\\d+(?:[^\\s\\d.]|\\.\\S|\\s|$))';

/**
 * Prompts as shells draw them when nobody changed it: `name@machine:folder$ `, `bash-5.2$ `, a
 * sign of its own with a command behind it. Marks of a virtual environment may stand before them.
 */
const SHELL =
  '^(?:\\([^()]+\\) ?)?(?:[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+[: ][^$#%]*[$#%] |(?:ba|z|da)?sh-[0-9.]+[$#] |[❯➜λ$%] )\\S';

/** What finds these places in a terminal. */
export function turnsOf(terminalKey: string): FindText {
  const pattern = terminalKey === 'claude' ? CLAUDE : SHELL;
  return { pattern, regex: true, caseSensitive: true, wholeWord: false, prompts: true };
}

/**
 * The next of these rows from `from`, or null where there is none: up, the nearest before it;
 * down, the nearest after.
 */
export function nextTurn(rows: readonly number[], from: number, down: boolean): number | null {
  if (down) return rows.find((row) => row > from) ?? null;
  return rows.findLast((row) => row < from) ?? null;
}
