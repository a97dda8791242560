/** The terminal's colours, read from the design tokens that are in force. */
import type { ITheme } from '@xterm/xterm';

import type { TerminalPalette } from '../bindings';

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

export function xtermTheme(): ITheme {
  const theme: ITheme = {
    background: token('--term-bg'),
    foreground: token('--term-fg'),
    cursor: token('--term-cursor'),
    cursorAccent: token('--term-cursor-text'),
    selectionBackground: token('--term-selection'),
    selectionForeground: token('--term-selection-fg'),
    selectionInactiveBackground: token('--term-selection-inactive'),
    scrollbarSliderBackground: token('--line-strong'),
    scrollbarSliderHoverBackground: token('--line-control'),
    scrollbarSliderActiveBackground: token('--line-control'),
  };
  ANSI.forEach((name, index) => {
    theme[name] = token(`--ansi-${String(index)}`);
  });
  return theme;
}

/** What the host answers when a program asks for colours. */
export function hostPalette(): TerminalPalette {
  return {
    foreground: token('--term-fg'),
    background: token('--term-bg'),
    cursor: token('--term-cursor'),
    ansi: ANSI.map((_, index) => token(`--ansi-${String(index)}`)),
    dark: getComputedStyle(document.documentElement).colorScheme === 'dark',
  };
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

/** The colours of found text. */
export function findColours() {
  return {
    matchBackground: token('--term-find'),
    matchOverviewRuler: token('--term-find-current'),
    activeMatchBackground: token('--term-find-current'),
    activeMatchColorOverviewRuler: token('--term-find-current'),
  };
}

/** The colour of the text of a match, by the colour that is behind it. */
export function matchText(behind: string | undefined): { foregroundColor?: string } {
  if (behind === undefined) return {};
  return {
    foregroundColor: token(behind === token('--term-find-current') ? '--on-brass' : '--term-fg'),
  };
}
