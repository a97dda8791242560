/** What the command palette lists, and what of it matches. */
import type { IconName } from '../components/Icon.svelte';
import { fuzzyFolded, type Match, wantedOf } from './fuzzy';
import { type Searchable, searchable } from './search';
import type { GlyphName } from './words';

export type PaletteGroup = 'projects' | 'commands' | 'milestones' | 'actions';

export interface PaletteItem {
  /** Its own in the whole list. */
  id: string;
  group: PaletteGroup;
  sign: { glyph: GlyphName } | { icon: IconName };
  name: string;
  second: string;
  key: string;
  run: () => void;
  /** What else can be done with it; Tab shows that. */
  more?: () => PaletteItem[];
}

export interface Found {
  item: PaletteItem;
  ranges: [number, number][];
}

/**
 * What can be found of one group. Of thousands only those that are shown become items.
 */
export interface PaletteSource {
  group: PaletteGroup;
  names: readonly Searchable[];
  item: (at: number) => PaletteItem;
  /** What is shown before anything is typed, where that is not the first ones. */
  first?: () => readonly number[];
}

/** A source of items that are there anyway. */
export function sourceOf(group: PaletteGroup, items: readonly PaletteItem[]): PaletteSource {
  return {
    group,
    names: items.map(({ name }) => searchable(name)),
    item: (at) => items[at] as PaletteItem,
  };
}

/** More rows of one group than this are no help: a letter more finds them. */
export const MAX_PER_GROUP = 30;

/** What matches, in the order of the sources; a leading ">" leaves only commands. */
export function findInPalette(sources: readonly PaletteSource[], typed: string): Found[] {
  const onlyCommands = typed.trimStart().startsWith('>');
  const wanted = wantedOf(onlyCommands ? typed.trimStart().slice(1) : typed);
  return sources
    .filter(({ group }) => !onlyCommands || group === 'commands' || group === 'actions')
    .flatMap((source) => ofSource(source, wanted));
}

function ofSource({ names, item, first }: PaletteSource, wanted: string): Found[] {
  if (wanted === '') {
    const shown = first?.() ?? names.slice(0, MAX_PER_GROUP).map((_, at) => at);
    return shown.slice(0, MAX_PER_GROUP).map((at) => ({ item: item(at), ranges: [] }));
  }
  const found: { at: number; match: Match }[] = [];
  names.forEach(({ folded }, at) => {
    const match = fuzzyFolded(wanted, folded);
    if (match) found.push({ at, match });
  });
  return found
    .sort((a, b) => b.match.score - a.match.score || a.at - b.at)
    .slice(0, MAX_PER_GROUP)
    .map(({ at, match }) => ({ item: item(at), ranges: match.ranges }));
}
