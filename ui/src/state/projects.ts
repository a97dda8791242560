/** The list of projects, kept up to date by updates that tell only what changed. */
import type { ProjectsUpdate, ProjectView } from '../bindings';

/** By creation, then id; what only its live terminals tell of comes last. */
function inOrder(a: ProjectView, b: ProjectView): number {
  const [from, to] = [a.createdAtUs ?? Infinity, b.createdAtUs ?? Infinity];
  if (from !== to) return from < to ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/**
 * The list after an update. An update may come in portions, and may be taken in twice: what
 * it tells of a project is always the whole of it, as it is now.
 */
export function updated(
  list: readonly ProjectView[],
  { changed, removed }: Pick<ProjectsUpdate, 'changed' | 'removed'>,
): readonly ProjectView[] {
  if (changed.length === 0 && removed.length === 0) return list;
  const others = new Set([...removed, ...changed.map(({ id }) => id)]);
  const kept = list.filter(({ id }) => !others.has(id));
  const came = [...changed].sort(inOrder);
  const all: ProjectView[] = [];
  let next = 0;
  for (const view of kept) {
    for (let one = came[next]; one && inOrder(one, view) < 0; one = came[next]) {
      all.push(one);
      next += 1;
    }
    all.push(view);
  }
  return [...all, ...came.slice(next)];
}

/** To look projects up in: a list of thousands is asked for one of them all the time. */
export function byId(list: readonly ProjectView[]): ReadonlyMap<string, ProjectView> {
  return new Map(list.map((view) => [view.id, view]));
}

/**
 * The places of the projects that a person most likely looks for, when there are more than can
 * be shown: those that live, then those that were used last. Of fewer all, in their order.
 */
export function usedLast(list: readonly ProjectView[], most: number): number[] {
  const places = list.map((_, at) => at);
  if (list.length <= most) return places;
  const used = list.map((view) => [view.live ? 1 : 0, Date.parse(view.lastUsedAt ?? '') || 0]);
  const of = (at: number): [number, number] => [used[at]?.[0] ?? 0, used[at]?.[1] ?? 0];
  return places
    .sort((a, b) => {
      const [x, y] = [of(a), of(b)];
      return y[0] - x[0] || y[1] - x[1] || a - b;
    })
    .slice(0, most);
}
