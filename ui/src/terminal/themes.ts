/**
 * The colours of terminals: Reprise's own, and the palettes that people bring along from
 * elsewhere, as their authors publish them. None of the others is changed here: whoever chooses
 * one knows it, and the minimum contrast helps where it is too faint.
 *
 * | palette | by | licence |
 * | --- | --- | --- |
 * | Solarized | Ethan Schoonover, ethanschoonover.com/solarized | MIT |
 * | Gruvbox | Pavel Pertsev, github.com/morhetz/gruvbox | MIT |
 * | Dracula | Zeno Rocha and others, draculatheme.com/spec | MIT |
 * | Nord | Sven Greb and others, nordtheme.com/docs/colors-and-palettes | MIT |
 * | One Dark, One Light | GitHub, github.com/atom/atom (one-dark-syntax, one-light-syntax) | MIT |
 * | Catppuccin | Catppuccin, github.com/catppuccin/palette | MIT |
 * | Tokyo Night | Enkia, github.com/enkia/tokyo-night-vscode-theme | MIT |
 * | Tokyo Night Day | Folke Lemaitre, github.com/folke/tokyonight.nvim | Apache-2.0 |
 */
import type { TerminalTheme } from '../bindings';

/** Light or dark: how the window is. */
export type Mode = 'light' | 'dark';

/** Every colour is `#rrggbb`: the host tells programs of them. */
export interface Colours {
  background: string;
  foreground: string;
  cursor: string;
  /** The character under a cursor that fills its cell. */
  cursorText: string;
  selection: string;
  /** The selection of a terminal that does not have the focus. */
  selectionInactive: string;
  /** The 16 colours of ANSI, the normal ones first. */
  ansi: readonly string[];
}

export type ForeignTheme = Exclude<TerminalTheme, 'reprise'>;

/** The cursor's text and the selection without focus follow from the others. */
interface Foreign {
  name: string;
  colours: Omit<Colours, 'cursorText' | 'selectionInactive'>;
}

function colours(words: string): string[] {
  return words.split(' ').map((hex) => `#${hex}`);
}

const SOLARIZED = colours(
  '073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5 ' +
    '002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3',
);

/** Reprise Light and Dark are design tokens; a test holds these and `tokens.css` equal. */
export const OWN: Readonly<Record<Mode, Colours>> = {
  light: {
    background: '#fdfcfa',
    foreground: '#1c2426',
    cursor: '#006462',
    cursorText: '#fdfcfa',
    selection: '#c4e0de',
    selectionInactive: '#dfdeda',
    ansi: colours(
      '1c2426 b72728 1b7138 885c06 1960a5 923899 006e77 747570 ' +
        '606869 ce292c 1d7d3e 94630e 1e6cbf a53ead 007983 3f4747',
    ),
  },
  dark: {
    background: '#0e1213',
    foreground: '#dad9d5',
    cursor: '#79d0c8',
    cursorText: '#0e1213',
    selection: '#223f3e',
    selectionInactive: '#292f30',
    ansi: colours(
      '2e3435 f27978 76cb89 e9c26b 6eaee6 d390dd 74cccb d2d1cd ' +
        '868e8f fd9690 8edf9f f6d888 90c4f2 e1ade9 95e1e0 f6f5f2',
    ),
  },
};

/** In the order of the list: by family, the light one first. */
const FOREIGN: Readonly<Record<ForeignTheme, Foreign>> = {
  solarizedLight: {
    name: 'Solarized Light',
    colours: {
      background: '#fdf6e3',
      foreground: '#657b83',
      cursor: '#586e75',
      selection: '#eee8d5',
      ansi: SOLARIZED,
    },
  },
  solarizedDark: {
    name: 'Solarized Dark',
    colours: {
      background: '#002b36',
      foreground: '#839496',
      cursor: '#93a1a1',
      selection: '#073642',
      ansi: SOLARIZED,
    },
  },
  gruvboxLight: {
    name: 'Gruvbox Light',
    colours: {
      background: '#fbf1c7',
      foreground: '#3c3836',
      cursor: '#3c3836',
      selection: '#d5c4a1',
      ansi: colours(
        'fbf1c7 cc241d 98971a d79921 458588 b16286 689d6a 7c6f64 ' +
          '928374 9d0006 79740e b57614 076678 8f3f71 427b58 3c3836',
      ),
    },
  },
  gruvboxDark: {
    name: 'Gruvbox Dark',
    colours: {
      background: '#282828',
      foreground: '#ebdbb2',
      cursor: '#ebdbb2',
      selection: '#504945',
      ansi: colours(
        '282828 cc241d 98971a d79921 458588 b16286 689d6a a89984 ' +
          '928374 fb4934 b8bb26 fabd2f 83a598 d3869b 8ec07c ebdbb2',
      ),
    },
  },
  dracula: {
    name: 'Dracula',
    colours: {
      background: '#282a36',
      foreground: '#f8f8f2',
      cursor: '#f8f8f2',
      selection: '#44475a',
      ansi: colours(
        '21222c ff5555 50fa7b f1fa8c bd93f9 ff79c6 8be9fd f8f8f2 ' +
          '6272a4 ff6e6e 69ff94 ffffa5 d6acff ff92df a4ffff ffffff',
      ),
    },
  },
  nord: {
    name: 'Nord',
    colours: {
      background: '#2e3440',
      foreground: '#d8dee9',
      cursor: '#d8dee9',
      selection: '#434c5e',
      ansi: colours(
        '3b4252 bf616a a3be8c ebcb8b 81a1c1 b48ead 88c0d0 e5e9f0 ' +
          '4c566a bf616a a3be8c ebcb8b 81a1c1 b48ead 8fbcbb eceff4',
      ),
    },
  },
  oneLight: {
    name: 'One Light',
    colours: {
      background: '#fafafa',
      foreground: '#383a42',
      cursor: '#526fff',
      selection: '#e5e5e6',
      ansi: colours(
        '383a42 e45649 50a14f c18401 4078f2 a626a4 0184bc a0a1a7 ' +
          '696c77 e45649 50a14f c18401 4078f2 a626a4 0184bc fafafa',
      ),
    },
  },
  oneDark: {
    name: 'One Dark',
    colours: {
      background: '#282c34',
      foreground: '#abb2bf',
      cursor: '#528bff',
      selection: '#3e4451',
      ansi: colours(
        '282c34 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 abb2bf ' +
          '5c6370 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 ffffff',
      ),
    },
  },
  catppuccinLatte: {
    name: 'Catppuccin Latte',
    colours: {
      background: '#eff1f5',
      foreground: '#4c4f69',
      cursor: '#dc8a78',
      selection: '#ccd0da',
      ansi: colours(
        '5c5f77 d20f39 40a02b df8e1d 1e66f5 ea76cb 179299 acb0be ' +
          '6c6f85 d20f39 40a02b df8e1d 1e66f5 ea76cb 179299 bcc0cc',
      ),
    },
  },
  catppuccinMocha: {
    name: 'Catppuccin Mocha',
    colours: {
      background: '#1e1e2e',
      foreground: '#cdd6f4',
      cursor: '#f5e0dc',
      selection: '#45475a',
      ansi: colours(
        '45475a f38ba8 a6e3a1 f9e2af 89b4fa f5c2e7 94e2d5 bac2de ' +
          '585b70 f38ba8 a6e3a1 f9e2af 89b4fa f5c2e7 94e2d5 a6adc8',
      ),
    },
  },
  tokyoNightDay: {
    name: 'Tokyo Night Day',
    colours: {
      background: '#e1e2e7',
      foreground: '#3760bf',
      cursor: '#3760bf',
      selection: '#b7c1e3',
      ansi: colours(
        'b4b5b9 f52a65 587539 8c6c3e 2e7de9 9854f1 007197 6172b0 ' +
          'a1a6c5 f52a65 587539 8c6c3e 2e7de9 9854f1 007197 3760bf',
      ),
    },
  },
  tokyoNight: {
    name: 'Tokyo Night',
    colours: {
      background: '#1a1b26',
      foreground: '#c0caf5',
      cursor: '#c0caf5',
      selection: '#283457',
      ansi: colours(
        '15161e f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff a9b1d6 ' +
          '414868 f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff c0caf5',
      ),
    },
  },
};

export const FOREIGN_THEMES = Object.keys(FOREIGN) as ForeignTheme[];

/** The name that its authors gave it; it is the same in every language. */
export function themeName(theme: ForeignTheme): string {
  return FOREIGN[theme].name;
}

/** What terminals look like with a theme, in a light or in a dark window. */
export function coloursOf(theme: TerminalTheme, mode: Mode): Colours {
  if (theme === 'reprise') return OWN[mode];
  const given = FOREIGN[theme].colours;
  return { ...given, cursorText: given.background, selectionInactive: given.selection };
}

/** WCAG's relative luminance of `#rrggbb`, from 0 to 1. */
export function luminance(colour: string): number {
  const part = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

/** WCAG's contrast of two colours, from 1 to 21. */
export function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Whether text on this background is meant to be light. */
export function isDark(background: string): boolean {
  return luminance(background) < 0.18;
}
