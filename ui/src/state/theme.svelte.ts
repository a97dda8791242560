/** Light and dark: the system decides, unless the person did; and what terminals are then. */
import type { Theme } from '../bindings';
import { chooseThemes, terminalColours } from '../terminal/theme';
import type { Colours } from '../terminal/themes';

const changes = $state({ count: 0 });

/** Reading this makes an effect run again after a change of theme. */
export function themeChanges(): number {
  return changes.count;
}

export function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
  changes.count += 1;
}

/** The terminals' colours in a light and in a dark window. */
export function applyTerminalThemes(...themes: Parameters<typeof chooseThemes>): void {
  chooseThemes(...themes);
  changes.count += 1;
}

/** The terminals' colours; an effect that reads them runs again when they change. */
export function coloursNow(): Colours {
  void changes.count;
  return terminalColours();
}

export function watchSystemTheme(): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const contrast = matchMedia('(prefers-contrast: more)');
  const changed = () => {
    changes.count += 1;
  };
  dark.addEventListener('change', changed);
  contrast.addEventListener('change', changed);
  return () => {
    dark.removeEventListener('change', changed);
    contrast.removeEventListener('change', changed);
  };
}
