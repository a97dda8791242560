import { describe, expect, it } from 'vitest';

import type { ProjectView } from '../bindings';
import { updated, usedLast } from './projects';

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

describe('of more projects than can be shown', () => {
  const used = (id: string, lastUsedAt: string | null, lives = false) =>
    ({ ...view(id, 1), lastUsedAt, live: lives ? {} : null }) as ProjectView;
  const list = [
    used('never', null),
    used('old', '2026-11-01T00:00:00Z'),
    used('lives', null, true),
    used('new', '2026-11-20T00:00:00.5Z'),
  ];

  it('those are shown that live or were used last', () => {
    expect(usedLast(list, 3).map((at) => list[at]?.id)).toEqual(['lives', 'new', 'old']);
  });

  it('and of fewer all, in their order', () => {
    expect(usedLast(list, 4)).toEqual([0, 1, 2, 3]);
  });
});
