import { describe, expect, it } from 'vitest';

import { fuzzy, marked } from './fuzzy';

const shown = (query: string, text: string): string | null => {
  const match = fuzzy(query, text);
  return (
    match &&
    marked(text, match.ranges)
      .map((piece) => (piece.on ? `[${piece.text}]` : piece.text))
      .join('')
  );
};

describe('fuzzy', () => {
  it.each([
    ['re', 'Storefront', 'Sto[re]front'],
    ['re', 'Bank reconciliation', 'Bank [re]conciliation'],
    ['REP', 'VAT report', 'VAT [rep]ort'],
    ['conciliacao', 'Conciliação bancária', '[Conciliação] bancária'],
    ['vr', 'VAT report', '[V]AT [r]eport'],
    ['vatrep', 'VAT report', '[VAT] [rep]ort'],
    ['bill 77', 'billing-core-00077', '[bill]ing-core-000[77]'],
    ['', 'anything', 'anything'],
  ])('%j in %j', (query, text, expected) => {
    expect(shown(query, text)).toBe(expected);
  });

  it.each([
    ['xyz', 'Storefront'],
    ['tf', 'Storefront'],
    ['report vat', 'VAT report'],
  ])('%j is not in %j', (query, text) => {
    expect(fuzzy(query, text)).toBeNull();
  });

  it('puts the start of a word first', () => {
    const score = (text: string) => fuzzy('re', text)?.score ?? 0;
    expect(score('Restart')).toBeGreaterThan(score('Bank reconciliation'));
    expect(score('Bank reconciliation')).toBeGreaterThan(score('Storefront'));
  });

  it('takes long and strange text without trouble', () => {
    expect(fuzzy('a', `${'𝒳'.repeat(500)}a`)).toBeNull();
    expect(shown('ß', 'Straße')).toBe('Stra[ß]e');
    expect(shown('b', '👩‍👩‍👧 b')).toBe('👩‍👩‍👧 [b]');
  });
});
