import { describe, expect, it } from 'vitest';

import type { ProjectView } from '../bindings';
import { updated } from './projects';

const view = (id: string, createdAtUs: number | null, name = id): ProjectView => ({
  id,
  name,
  workspacePath: `/w/${id}`,
  createdAtUs,
  status: 'active',
  sessionId: null,
  invalidSessionId: null,
  live: null,
  shells: [],
  elsewhere: null,
  lastEnd: null,
  lastUsedAt: null,
  hasPicture: false,
  muted: false,
});

const ids = (list: readonly ProjectView[]) => list.map(({ id }) => id).join(' ');

describe('the list of projects', () => {
  const list = updated([], {
    changed: [view('c', 3), view('a', 1), view('x', null), view('b', 3)],
    removed: [],
  });

  it('is in the order of creation, then of the ids, with what only lives at its end', () => {
    expect(ids(list)).toBe('a b c x');
  });

  it('is the same list after an update that tells nothing', () => {
    expect(updated(list, { changed: [], removed: [] })).toBe(list);
  });

  it('keeps what did not change as it is, and puts the rest in its place', () => {
    const after = updated(list, {
      changed: [view('b', 3, 'renamed'), view('n', 2), view('x', 0)],
      removed: ['a', 'unknown'],
    });
    expect(ids(after)).toBe('x n b c');
    expect(after[2]?.name).toBe('renamed');
    expect(after[3]).toBe(list[2]);
  });

  it('is the same in the end in whatever portions it came, and if some came twice', () => {
    const all = Array.from({ length: 50 }, (_, n) => view(`p${String(n)}`, (n * 37) % 11));
    const whole = updated([], { changed: all, removed: [] });
    let inPortions: readonly ProjectView[] = [];
    for (let from = 0; from < all.length; from += 7) {
      inPortions = updated(inPortions, { changed: all.slice(from, from + 9), removed: [] });
    }
    expect(inPortions).toEqual(whole);
  });
});
