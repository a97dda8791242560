import { describe, expect, it } from 'vitest';

import {
  findInPalette,
  MAX_PER_GROUP,
  type PaletteGroup,
  type PaletteItem,
  sourceOf,
} from './palette';
import { searchable } from './search';

const item = (group: PaletteGroup, name: string): PaletteItem => ({
  id: `${group} ${name}`,
  group,
  sign: { icon: 'todo' },
  name,
  second: '',
  key: '',
  run: () => undefined,
});

const named = (group: PaletteGroup, ...names: string[]) =>
  sourceOf(
    group,
    names.map((name) => item(group, name)),
  );
const sources = [
  named('projects', 'ledger-api', 'Storefront', 'legacy-billing-north-region'),
  named('commands', 'Rename the project…', 'New shell'),
  named('milestones', 'VAT report', 'Reconciliation'),
];

const names = (typed: string) => findInPalette(sources, typed).map((found) => found.item.name);

describe('the palette', () => {
  it('lists everything before anything is typed', () => {
    expect(names('')).toHaveLength(7);
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

  it('shows of thousands what it is told to before anything is typed', () => {
    const source = { ...named('projects', 'a', 'b', 'c'), first: () => [2, 0] };
    expect(findInPalette([source], '').map((found) => found.item.name)).toEqual(['c', 'a']);
    expect(findInPalette([source], 'b').map((found) => found.item.name)).toEqual(['b']);
  });

  it('makes items only of what it shows, out of thousands', () => {
    let made = 0;
    const many = {
      group: 'milestones' as const,
      names: Array.from({ length: 10_000 }, (_, at) => searchable(`M ${String(at)}`)),
      item: (at: number) => {
        made += 1;
        return item('milestones', `M ${String(at)}`);
      },
    };
    expect(findInPalette([many], 'm')).toHaveLength(MAX_PER_GROUP);
    expect(made).toBe(MAX_PER_GROUP);
    expect(findInPalette([many], '9499')[0]?.item.name).toBe('M 9499');
    expect(made).toBe(MAX_PER_GROUP + 1);
  });
});
