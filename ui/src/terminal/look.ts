/** How a terminal looks: what the person chose, in the terms of xterm.js. */
import type { CursorStyle, Preferences, Renderer } from '../bindings';

/** The text's size while the person chose none, in CSS pixels. */
export const DEFAULT_FONT_SIZE = 13;

export interface Look {
  /** The family that the person chose; null for the window's own. */
  fontFamily: string | null;
  /** In CSS pixels. */
  fontSize: number;
  /** The height of a line, in sizes of the text. */
  lineHeight: number;
  /** The cursor of a program that asked for none, and whether that one blinks. */
  cursorStyle: CursorStyle;
  cursorBlink: boolean;
  /** The least contrast of text with what is behind it, as WCAG counts it; 1 changes nothing. */
  minimumContrast: number;
  /** Whether a screen reader is given the lines, and told what is written. */
  screenReader: boolean;
  renderer: Renderer;
}

export function lookOf(preferences: Preferences | null): Look {
  const terminal = preferences?.terminal;
  return {
    fontFamily: terminal?.fontFamily ?? null,
    fontSize: preferences?.fontSize ?? DEFAULT_FONT_SIZE,
    lineHeight: terminal?.lineHeight ?? 1.4,
    cursorStyle: terminal?.cursorStyle ?? 'block',
    cursorBlink: terminal?.cursorBlink ?? false,
    minimumContrast: terminal?.minimumContrast ?? 3,
    screenReader: terminal?.screenReader ?? false,
    renderer: terminal?.renderer ?? 'dom',
  };
}

/** Whether two looks are the same to the eye. */
export function sameLook(a: Look, b: Look): boolean {
  return (Object.keys(a) as (keyof Look)[]).every((field) => a[field] === b[field]);
}

/**
 * The value of CSS's `font-family`: what was chosen, then what the window has anyway. xterm.js
 * puts it into a style sheet as it is, so the name is a string there and nothing else.
 */
export function cssFamilies(chosen: string | null, own: string): string {
  const name = (chosen ?? '').replace(/[\p{Cc}"\\;{}<>]/gu, '').trim();
  return name === '' ? own : `"${name}", ${own}`;
}
