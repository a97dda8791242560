/** How a project's milestones are put in order for the panel. */
import type { MilestoneStatus, MilestoneView, PhaseView, PlanningView } from '../bindings';
import type { Key } from '../i18n/index.svelte';
import type { IconName } from '../components/Icon.svelte';

export const STATUSES: readonly MilestoneStatus[] = [
  'in_progress',
  'pending',
  'completed',
  'failed',
];

/** More milestones than this are behind "Show all". */
export const SHOWN_MILESTONES = 8;
/** More phases than this are behind "Show all", around the current one. */
export const SHOWN_PHASES = 10;

export const STATUS_ICON: Record<MilestoneStatus, IconName> = {
  pending: 'todo',
  in_progress: 'half',
  completed: 'check',
  failed: 'cross',
};

export const STATUS_KEY = {
  pending: 'milestone.pending',
  in_progress: 'milestone.in_progress',
  completed: 'milestone.completed',
  failed: 'milestone.failed',
} as const satisfies Record<MilestoneStatus, Key>;

type Ordered = Pick<MilestoneView, 'id' | 'status' | 'createdAt' | 'updatedAt'>;

/** Times and ids, letter by letter: a language's own order takes long for thousands. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The one that is worked on: of those in progress the one that was begun or changed last. */
export function activeMilestone<M extends Ordered>(milestones: readonly M[]): M | null {
  return (
    milestones
      .filter(({ status }) => status === 'in_progress')
      .sort((a, b) => compare(b.updatedAt, a.updatedAt) || compare(b.id, a.id))[0] ?? null
  );
}

/**
 * All others: what is in progress, what is still to come in the order it was thought of, then
 * what failed and what is done, newest first.
 */
export function otherMilestones<M extends Ordered>(milestones: readonly M[]): M[] {
  const active = activeMilestone(milestones);
  const rank: Record<MilestoneStatus, number> = {
    in_progress: 0,
    pending: 1,
    failed: 2,
    completed: 3,
  };
  return milestones
    .filter((milestone) => milestone.id !== active?.id)
    .sort((a, b) => {
      if (a.status !== b.status) return rank[a.status] - rank[b.status];
      const order = compare(a.createdAt, b.createdAt) || compare(a.id, b.id);
      return a.status === 'pending' || a.status === 'in_progress' ? order : -order;
    });
}

/** Those of each status, in the panel's order, for the long list. */
export function byStatus<M extends Ordered>(
  milestones: readonly M[],
): { status: MilestoneStatus; milestones: M[] }[] {
  return (['in_progress', 'pending', 'failed', 'completed'] as const)
    .map((status) => ({
      status,
      milestones: milestones.filter((milestone) => milestone.status === status),
    }))
    .filter((group) => group.milestones.length > 0);
}

export function donePhases(phases: readonly PhaseView[]): number {
  return phases.filter(({ status }) => status === 'done').length;
}

/** How full a phase's measure is, from 0 to 1. */
export function fullness(phase: PhaseView): number {
  if (phase.status === 'done') return 1;
  if (phase.plansTotal <= 0) return 0;
  return Math.min(1, Math.max(0, phase.plansDone / phase.plansTotal));
}

/** The phase that is worked on, counted from 1; the first one that is not done otherwise. */
export function phaseAt(phases: readonly PhaseView[]): number | null {
  const current = phases.findIndex(({ status }) => status === 'current');
  const next = current >= 0 ? current : phases.findIndex(({ status }) => status !== 'done');
  return next >= 0 ? next + 1 : null;
}

/** The stretch of a long list of phases that is shown: the current one and what is around it. */
export function nearPhases(phases: readonly PhaseView[]): PhaseView[] {
  if (phases.length <= SHOWN_PHASES) return [...phases];
  const at = (phaseAt(phases) ?? phases.length) - 1;
  const from = Math.min(Math.max(0, at - 3), phases.length - SHOWN_PHASES);
  return phases.slice(from, from + SHOWN_PHASES);
}

/** What the plan calls the milestone, where it says so. */
export function plannedName(planning: PlanningView | null): string | null {
  const { name, version } = planning?.milestone ?? { name: null, version: null };
  const words = [version, name].filter((word) => word !== null && word.trim() !== '');
  return words.length > 0 ? words.join(' ') : null;
}
