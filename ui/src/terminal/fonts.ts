/** What a font of this computer is good for, seen by how wide its characters are. */

export type FontFit = 'fits' | 'missing' | 'uneven';

/** The width of a text in a CSS font, in pixels. */
export type Measure = (font: string, text: string) => number;

const WIDE = 'WWWWMMMM@@';
const NARROW = 'iiiillll..';

/**
 * Whether a family is there and suits a grid. The web view says of a name that it does not know
 * that it could be used, and draws with the next one: so it is asked twice, with two others.
 */
export function fontFit(family: string, measure: Measure): FontFit {
  const name = family.replace(/["\\]/g, '');
  const width = (fallback: string, text: string) => measure(`40px "${name}", ${fallback}`, text);
  if (width('monospace', NARROW) !== width('sans-serif', NARROW)) return 'missing';
  return width('monospace', NARROW) === width('monospace', WIDE) ? 'fits' : 'uneven';
}

/** Measures on a canvas, as the page would draw. */
export function canvasMeasure(): Measure {
  const context = document.createElement('canvas').getContext('2d');
  return (font, text) => {
    if (!context) return 0;
    context.font = font;
    return context.measureText(text).width;
  };
}

/** Those of the list that a person looks for: every word is in the name. */
export function fontsFor(fonts: readonly string[], wanted: string): string[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return fonts.filter((font) => words.every((word) => font.toLowerCase().includes(word)));
}
