import { describe, expect, it } from 'vitest';

import { findInPalette, MAX_PER_GROUP, type PaletteGroup, type PaletteItem } from './palette';

const item = (group: PaletteGroup, name: string): PaletteItem => ({
  id: `${group} ${name}`,
  group,
  sign: { icon: 'todo' },
  name,
  second: '',
  key: '',
  run: () => undefined,
});

const items = [
  item('projects', 'ledger-api'),
  item('projects', 'Storefront'),
  item('projects', 'legacy-billing-north-region'),
  item('commands', 'Rename the project…'),
  item('commands', 'New shell'),
  item('milestones', 'VAT report'),
  item('milestones', 'Reconciliation'),
];

const names = (typed: string) => findInPalette(items, typed).map((found) => found.item.name);

describe('the palette', () => {
  it('lists everything before anything is typed', () => {
    expect(names('')).toHaveLength(items.length);
  });

  it('keeps the groups in order, the better match of a group first', () => {
    expect(names('re')).toEqual([
      'legacy-billing-north-region',
      'Storefront',
      'Rename the project…',
      'Reconciliation',
      'VAT report',
    ]);
  });

  it('lists only commands after ">"', () => {
    expect(names('>')).toEqual(['Rename the project…', 'New shell']);
    expect(names(' > sh')).toEqual(['New shell']);
  });

  it('says so with nothing when nothing matches', () => {
    expect(names('zzz')).toEqual([]);
  });

  it('is bounded with hundreds of milestones', () => {
    const many = Array.from({ length: 500 }, (_, at) => item('milestones', `M ${String(at)}`));
    expect(findInPalette(many, 'm')).toHaveLength(MAX_PER_GROUP);
    expect(findInPalette(many, '499')[0]?.item.name).toBe('M 499');
  });
});
