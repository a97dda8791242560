/**
 * xterm.js 6.0 draws inverse text in the background's colour, but asks whether the foreground's
 * could be read on it: it cannot, and text that had all the contrast there is becomes grey. Here
 * it is asked of the colour that the text really has. The WebGL add-on does so by itself.
 */
import type { Terminal } from '@xterm/xterm';

interface Colour {
  css: string;
  rgba: number;
}

interface CellData {
  isInverse(): number;
  isBgDefault(): boolean;
}

/** The part of xterm.js' own renderer that makes a row's elements; it has no public name. */
interface RowFactory {
  _themeService: { colors: { foreground: Colour; background: Colour } };
  _applyMinimumContrast(
    element: HTMLElement,
    behind: Colour,
    text: Colour,
    cell: CellData,
    ...overrides: unknown[]
  ): boolean;
}

interface Core {
  _core: { _renderService?: { _renderer?: { value?: { _rowFactory?: RowFactory } } } };
}

const corrected = new WeakSet();

/** Once for all terminals, with the first that is in the page. */
export function correctInverseContrast(terminal: Terminal): void {
  const rows = (terminal as unknown as Core)._core._renderService?._renderer?.value?._rowFactory;
  if (!rows) return;
  const every = Object.getPrototypeOf(rows) as RowFactory;
  if (corrected.has(every)) return;
  corrected.add(every);
  const original = Reflect.get(
    every,
    '_applyMinimumContrast',
  ) as RowFactory['_applyMinimumContrast'];
  every._applyMinimumContrast = function (element, behind, text, cell, ...overrides) {
    const { foreground, background } = this._themeService.colors;
    const swapped = text === foreground && cell.isInverse() !== 0 && cell.isBgDefault();
    return original.call(this, element, behind, swapped ? background : text, cell, ...overrides);
  };
}
