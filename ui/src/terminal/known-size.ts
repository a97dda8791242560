/**
 * The grid that filled the terminals' place last. The next terminal that is shown there will have
 * it, too: its host can be asked for everything before its xterm.js is made, which takes a while.
 */
import type { GridSize } from '../bindings';
import { type Look, sameLook } from './look';

let last: { place: HTMLElement; width: number; height: number; look: Look; size: GridSize } | null =
  null;

/** This grid fills the place in this look. */
export function rememberSize(place: HTMLElement, look: Look, size: GridSize): void {
  last = { place, width: place.clientWidth, height: place.clientHeight, look, size };
}

/** The grid that fills the place in this look, if that is known. */
export function knownSize(place: HTMLElement, look: Look): GridSize | null {
  const isKnown =
    last?.place === place &&
    last.width === place.clientWidth &&
    last.height === place.clientHeight &&
    sameLook(last.look, look);
  return isKnown && last ? last.size : null;
}
