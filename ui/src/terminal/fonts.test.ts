import { describe, expect, it } from 'vitest';

import { fontFit, fontsFor, type Measure } from './fonts';

/** A computer with these fonts: the width of a narrow and of a wide character of each. */
const INSTALLED: Record<string, [number, number]> = {
  monospace: [10, 10],
  'sans-serif': [4, 14],
  Hack: [9, 9],
  Georgia: [5, 13],
};

const measure: Measure = (font, text) => {
  const families = font.replace('40px ', '').split(', ');
  const used = families.find((family) => family.replaceAll('"', '') in INSTALLED) ?? '';
  const [narrow, wide] = INSTALLED[used.replaceAll('"', '')] ?? [0, 0];
  return [...text].length * (text.includes('i') ? narrow : wide);
};

describe('fontFit', () => {
  it('tells what is there from what the next font stands in for', () => {
    expect(fontFit('Hack', measure)).toBe('fits');
    expect(fontFit('No Such Font', measure)).toBe('missing');
  });

  it('sees that characters are of different widths', () => {
    expect(fontFit('Georgia', measure)).toBe('uneven');
  });
});

describe('fontsFor', () => {
  it('finds by every word, in any order', () => {
    const fonts = ['DejaVu Sans Mono', 'Hack', 'Noto Sans Mono'];
    expect(fontsFor(fonts, 'mono sans')).toEqual(['DejaVu Sans Mono', 'Noto Sans Mono']);
    expect(fontsFor(fonts, '')).toEqual(fonts);
    expect(fontsFor(fonts, 'comic')).toEqual([]);
  });
});
