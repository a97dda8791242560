import { describe, expect, it } from 'vitest';

import { nameParts, plain, rowFolder, shortenPath, tilde } from './text';

describe('untrusted text', () => {
  it('is one line without controls and without what turns its direction', () => {
    expect(plain('a\nb\x1b[31m\u202Ec\u2066d')).toBe('a b [31mcd');
  });
  it('is cut, and never inside a character', () => {
    expect(plain('🙂'.repeat(500), 10)).toBe(`${'🙂'.repeat(9)}…`);
  });
});

describe('paths', () => {
  it.each([
    ['/home/ana/work/x', '/home/ana', '~/work/x'],
    ['/home/ana', '/home/ana/', '~'],
    ['/home/anabel/x', '/home/ana', '/home/anabel/x'],
    ['/srv/x', '', '/srv/x'],
  ])('%s with the home %s is %s', (path, home, short) => {
    expect(tilde(path, home)).toBe(short);
  });

  it('of a row leave out the last part when it is the name', () => {
    expect(rowFolder('/home/ana/work/ledger', 'ledger', '/home/ana')).toBe('~/work');
    expect(rowFolder('/home/ana/work/shop', 'Storefront', '/home/ana')).toBe('~/work/shop');
    expect(rowFolder('/home/ana/shop', 'shop', '/home/ana')).toBe('~/shop');
    expect(rowFolder('/srv', 'srv', '/home/ana')).toBe('/srv');
  });

  it('lose whole folders from the middle', () => {
    const fits = (length: number) => (text: string) => text.length <= length;
    expect(shortenPath('~/clientes/estudio/site', fits(40))).toBe('~/clientes/estudio/site');
    expect(shortenPath('~/clientes/estudio/site', fits(20))).toBe('~/…/estudio/site');
    expect(shortenPath('~/clientes/estudio/site', fits(10))).toBe('~/…/site');
    expect(shortenPath('/srv/a/b/c', fits(7))).toBe('/…/b/c');
    expect(shortenPath('~/clientes/a-very-long-name', fits(4))).toBe('a-very-long-name');
  });
});

it('a long name keeps its end', () => {
  expect(nameParts('legacy-billing-conversion-north-region')).toEqual({
    head: 'legacy-billing-conversion-',
    tail: 'north-region',
  });
  expect(nameParts('short')).toEqual({ head: 'short', tail: '' });
});
