import { describe, expect, it } from 'vitest';

import tokens from '../tokens.css?raw';
import { coloursOf, contrast, FOREIGN_THEMES, isDark, type Mode, OWN, themeName } from './themes';

/** A token of the block that begins with `selector`. */
function token(selector: string, name: string): string {
  const start = tokens.indexOf(`${selector} {`);
  const block = tokens.slice(start, tokens.indexOf('\n}', start));
  const value = new RegExp(`${name}:\\s*([^;]+);`).exec(block)?.[1] ?? '';
  const other = /^var\((--[\w-]+)\)$/.exec(value)?.[1];
  return other ? token(selector, other) : value;
}

describe('our own themes', () => {
  const own = {
    light: ':root, :root[data-theme="light"]',
    dark: ':root[data-theme="dark"]',
  };

  it.each(Object.entries(own))('%s: the tokens are what terminals get', (mode, selector) => {
    const colours = OWN[mode as Mode];
    expect(colours).toEqual({
      background: token(selector, '--term-bg'),
      foreground: token(selector, '--term-fg'),
      cursor: token(selector, '--term-cursor'),
      cursorText: token(selector, '--term-cursor-text'),
      selection: token(selector, '--term-selection'),
      selectionInactive: token(selector, '--term-selection-inactive'),
      ansi: colours.ansi.map((_, index) => token(selector, `--ansi-${String(index)}`)),
    });
  });

  it.each(Object.entries(OWN))('%s: every colour can be read as text', (mode, colours) => {
    expect(isDark(colours.background)).toBe(mode === 'dark');
    expect(contrast(colours.foreground, colours.background)).toBeGreaterThan(10);
    colours.ansi.forEach((colour, index) => {
      // Black on dark is a fill, not a colour of text.
      if (mode === 'dark' && index === 0) return;
      const ratio = contrast(colour, colours.background);
      expect(ratio, `colour ${String(index)}`).toBeGreaterThanOrEqual(4.5);
    });
  });
});

describe('the themes of others', () => {
  it.each(FOREIGN_THEMES)('%s is whole, and says whether it is dark', (theme) => {
    const colours = coloursOf(theme, 'light');
    expect(colours.ansi).toHaveLength(16);
    for (const colour of [...colours.ansi, ...Object.values(colours).filter(isText)]) {
      expect(colour).toMatch(/^#[\da-f]{6}$/);
    }
    expect(contrast(colours.foreground, colours.background)).toBeGreaterThan(4);
    expect(isDark(colours.background)).toBe(!/Light|Latte|Day/.test(themeName(theme)));
  });
});

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
