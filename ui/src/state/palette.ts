/** What the command palette lists, and what of it matches. */
import type { IconName } from '../components/Icon.svelte';
import { fuzzy } from './fuzzy';
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

/** More rows of one group than this are no help: a letter more finds them. */
export const MAX_PER_GROUP = 60;

/** The items that match, in their groups' order; a leading ">" leaves only commands. */
export function findInPalette(items: readonly PaletteItem[], typed: string): Found[] {
  const onlyCommands = typed.trimStart().startsWith('>');
  const query = onlyCommands ? typed.trimStart().slice(1) : typed;
  const counts = new Map<PaletteGroup, number>();
  const found: (Found & { score: number; at: number })[] = [];
  items.forEach((item, at) => {
    if (onlyCommands && item.group !== 'commands' && item.group !== 'actions') return;
    const match = fuzzy(query, item.name);
    if (match) found.push({ item, ranges: match.ranges, score: match.score, at });
  });
  const groups = [...new Set(items.map(({ group }) => group))];
  return found
    .sort(
      (a, b) =>
        groups.indexOf(a.item.group) - groups.indexOf(b.item.group) ||
        b.score - a.score ||
        a.at - b.at,
    )
    .filter(({ item }) => {
      const count = (counts.get(item.group) ?? 0) + 1;
      counts.set(item.group, count);
      return count <= MAX_PER_GROUP;
    })
    .map(({ item, ranges }) => ({ item, ranges }));
}
