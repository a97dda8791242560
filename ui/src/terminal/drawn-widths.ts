/**
 * How wide the page draws a text, which xterm.js wants to know of every sign that it draws. It measures
 * each of them in the page, for every terminal, and again with every option that changes; and each time
 * the whole page has to be laid out before it can answer. Here a text is measured once for all terminals.
 */

/** What measures for one terminal, in its present font; it has no public name. */
interface WidthCache {
  _font: string;
  _fontSize: number;
  _weight: string;
  _weightBold: string;
  /** In CSS pixels; 0 while the terminal is not in the page. */
  _measure(text: string, variant: number): number;
}

const shared = new WeakSet();

/** Once for all terminals, with the cache of one of them. */
export function shareWidths(cache: object): void {
  const every = Object.getPrototypeOf(cache) as WidthCache;
  if (shared.has(every)) return;
  shared.add(every);
  const measure = Reflect.get(every, '_measure') as WidthCache['_measure'];
  const known = new Map<string, number>();
  // Another font may have been drawn in its place until now.
  document.fonts.addEventListener('loadingdone', () => known.clear());
  every._measure = function (text, variant) {
    const font = [this._font, this._fontSize, this._weight, this._weightBold, variant];
    const key = [...font, window.devicePixelRatio, text].join('\n');
    let width = known.get(key);
    if (width === undefined) {
      width = measure.call(this, text, variant);
      if (width > 0) known.set(key, width);
    }
    return width;
  };
}
