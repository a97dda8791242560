/** The terminal's colours: those of the theme that was chosen for the window as it is. */
import type { ITheme } from '@xterm/xterm';

import type { TerminalPalette, TerminalTheme } from '../bindings';
import { type Colours, coloursOf, isDark, type Mode } from './themes';

const ANSI = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const satisfies readonly (keyof ITheme)[];

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** What the person chose for a light and for a dark window. */
let chosen: Record<Mode, TerminalTheme> = { light: 'reprise', dark: 'reprise' };

export function chooseThemes(light: TerminalTheme, dark: TerminalTheme): void {
  chosen = { light, dark };
}

/** Whether the window is light or dark, by choice or with the system. */
export function windowMode(): Mode {
  return getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'dark' : 'light';
}

/** The colours of terminals in the window as it is. */
export function terminalColours(): Colours {
  const mode = windowMode();
  return coloursOf(chosen[mode], mode);
}

export function xtermTheme(): ITheme {
  const colours = terminalColours();
  const theme: ITheme = {
    background: colours.background,
    foreground: colours.foreground,
    cursor: colours.cursor,
    cursorAccent: colours.cursorText,
    selectionBackground: colours.selection,
    // One colour for selected text: the dim ones would be lost on it.
    selectionForeground: colours.foreground,
    selectionInactiveBackground: colours.selectionInactive,
    // Part of the terminal, whatever colour the window is.
    scrollbarSliderBackground: `${colours.foreground}38`,
    scrollbarSliderHoverBackground: `${colours.foreground}70`,
    scrollbarSliderActiveBackground: `${colours.foreground}70`,
  };
  ANSI.forEach((name, index) => {
    const colour = colours.ansi[index];
    if (colour !== undefined) theme[name] = colour;
  });
  return theme;
}

/** What the host answers when a program asks for colours. */
export function hostPalette(): TerminalPalette {
  const { background, foreground, cursor, ansi } = terminalColours();
  return { background, foreground, cursor, ansi: [...ansi], dark: isDark(background) };
}

/** While something is looked for, the selection is the match in front. */
export function findTheme(): ITheme {
  const current = token('--term-find-current');
  return {
    ...xtermTheme(),
    selectionBackground: current,
    selectionInactiveBackground: current,
    selectionForeground: token('--on-brass'),
  };
}

/** The colour behind found text. */
export function findColour(): string {
  return token('--term-find');
}

/** The colour of the text of a match, by the colour that is behind it. */
export function matchText(behind: string | undefined): { foregroundColor?: string } {
  if (behind === undefined) return {};
  return {
    foregroundColor: token(behind === token('--term-find-current') ? '--on-brass' : '--term-fg'),
  };
}
