import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { shareWidths } from './drawn-widths';

/** As xterm.js' own, but for the measuring: that notes what it was asked. */
function makeCaches() {
  const asked: string[] = [];
  class WidthCache {
    _font = 'mono';
    _weight = 'normal';
    _weightBold = 'bold';
    _fontSize: number;
    inPage: boolean;
    constructor(fontSize: number, inPage = true) {
      this._fontSize = fontSize;
      this.inPage = inPage;
    }
    _measure(text: string, variant: number): number {
      asked.push(`${text} ${String(variant)}`);
      return this.inPage ? this._fontSize / 2 : 0;
    }
  }
  return { asked, WidthCache };
}

describe('widths of what is drawn', () => {
  const fonts = new EventTarget();
  const page = { devicePixelRatio: 1 };
  beforeEach(() => {
    vi.stubGlobal('document', { fonts });
    vi.stubGlobal('window', page);
  });
  afterEach(() => {
    page.devicePixelRatio = 1;
    vi.unstubAllGlobals();
  });

  it('are measured once for all terminals of a font', () => {
    const { asked, WidthCache } = makeCaches();
    const [one, other, larger] = [new WidthCache(12), new WidthCache(12), new WidthCache(14)];
    for (const cache of [one, other, larger]) shareWidths(cache);
    expect([one._measure('W', 0), other._measure('W', 0), other._measure('W', 1)]).toEqual([
      6, 6, 6,
    ]);
    expect(larger._measure('W', 0)).toBe(7);
    expect(asked).toEqual(['W 0', 'W 1', 'W 0']);
  });

  it('are measured again where they may be others', () => {
    const { asked, WidthCache } = makeCaches();
    const cache = new WidthCache(12);
    shareWidths(cache);
    cache._measure('W', 0);
    page.devicePixelRatio = 2;
    cache._measure('W', 0);
    fonts.dispatchEvent(new Event('loadingdone'));
    cache._measure('W', 0);
    expect(asked).toHaveLength(3);
  });

  it('are not taken from a terminal outside the page', () => {
    const { WidthCache } = makeCaches();
    const [outside, inside] = [new WidthCache(12, false), new WidthCache(12)];
    shareWidths(outside);
    expect([outside._measure('W', 0), inside._measure('W', 0)]).toEqual([0, 6]);
  });
});
