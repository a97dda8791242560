/**
 * What xterm.js draws otherwise than it should.
 *
 * Its own renderer draws inverse text in the background's colour, but asks whether the foreground's
 * could be read on it: it cannot, and text that had all the contrast there is becomes grey. Here
 * it is asked of the colour that the text really has.
 *
 * The same renderer empties all rows where another buffer takes the place of one, and draws all
 * rows where a selection changes, also while drawing is held (a snapshot, a synchronized update):
 * the screen would be seen empty, or half of what comes, until that is over.
 *
 * Its measuring of what it draws is shared here, too: only an opened terminal has what measures.
 */
import type { Terminal } from '@xterm/xterm';

import { shareWidths } from './drawn-widths';

interface Colour {
  css: string;
  rgba: number;
}

interface CellData {
  isInverse(): number;
  isBgDefault(): boolean;
}

/** What makes a row's elements; it has no public name. */
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

interface DomRenderer {
  _rowFactory?: RowFactory;
  _widthCache: object;
  clear(): void;
}

type Place = [number, number] | undefined;

interface RenderService {
  _renderer: { value?: DomRenderer };
  _coreService: { decPrivateModes: { synchronizedOutput: boolean } };
  /** What is selected, and whether the next drawing is to show it. */
  _selectionState: { start: Place; end: Place; columnSelectMode: boolean };
  _needsSelectionRefresh: boolean;
  handleSelectionChanged(start: Place, end: Place, columnSelectMode: boolean): void;
}

interface Core {
  _core: { _renderService?: RenderService };
}

const corrected = new WeakSet();

/** Once for all terminals, with the first that is opened. */
export function correctRendering(terminal: Terminal): void {
  const service = (terminal as unknown as Core)._core._renderService;
  const renderer = service?._renderer.value;
  if (!renderer?._rowFactory) return;
  const every = Object.getPrototypeOf(renderer) as DomRenderer;
  if (corrected.has(every)) return;
  corrected.add(every);
  // All rows are drawn anew in any case.
  every.clear = () => undefined;
  holdSelection(Object.getPrototypeOf(service) as RenderService);
  correctInverseContrast(Object.getPrototypeOf(renderer._rowFactory) as RowFactory);
  shareWidths(renderer._widthCache);
}

function holdSelection(every: RenderService): void {
  const original = Reflect.get(
    every,
    'handleSelectionChanged',
  ) as RenderService['handleSelectionChanged'];
  every.handleSelectionChanged = function (start, end, columnSelectMode) {
    if (this._coreService.decPrivateModes.synchronizedOutput) {
      Object.assign(this._selectionState, { start, end, columnSelectMode });
      this._needsSelectionRefresh = true;
    } else original.call(this, start, end, columnSelectMode);
  };
}

function correctInverseContrast(every: RowFactory): void {
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
