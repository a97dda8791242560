import { describe, expect, it } from 'vitest';

import type { MilestoneStatus, PhaseView } from '../bindings';
import {
  activeMilestone,
  byStatus,
  fullness,
  nearPhases,
  otherMilestones,
  phaseAt,
} from './milestones';

const milestone = (
  id: string,
  status: MilestoneStatus,
  createdAt: string,
  updatedAt = createdAt,
) => ({
  id,
  status,
  createdAt,
  updatedAt,
});

const some = [
  milestone('a', 'completed', '2026-01-01T00:00:00Z'),
  milestone('b', 'pending', '2026-01-02T00:00:00Z'),
  milestone('c', 'in_progress', '2026-01-03T00:00:00Z'),
  milestone('d', 'in_progress', '2026-01-04T00:00:00Z', '2026-01-09T00:00:00Z'),
  milestone('e', 'failed', '2026-01-05T00:00:00Z'),
  milestone('f', 'pending', '2026-01-06T00:00:00Z'),
  milestone('g', 'completed', '2026-01-07T00:00:00Z'),
];

const phases = (...statuses: PhaseView['status'][]): PhaseView[] =>
  statuses.map((status, at) => ({
    number: String(at + 1),
    name: `Phase ${String(at + 1)}`,
    status,
    plansDone: 1,
    plansTotal: 4,
  }));

describe('milestones', () => {
  it('have one that is worked on: of several in progress the one that changed last', () => {
    expect(activeMilestone(some)?.id).toBe('d');
    expect(activeMilestone([])).toBeNull();
  });

  it('follow as what is to come, what failed, what is done', () => {
    expect(otherMilestones(some).map(({ id }) => id)).toEqual(['c', 'b', 'f', 'e', 'g', 'a']);
  });

  it('are grouped by status without empty groups', () => {
    const groups = byStatus(some.filter(({ status }) => status !== 'failed'));
    expect(groups.map(({ status }) => status)).toEqual(['in_progress', 'pending', 'completed']);
  });
});

describe('phases', () => {
  it('are at the current one, or at the first that is not done', () => {
    expect(phaseAt(phases('done', 'current', 'todo'))).toBe(2);
    expect(phaseAt(phases('done', 'todo'))).toBe(2);
    expect(phaseAt(phases('done', 'done'))).toBeNull();
  });

  it('fill their measures by plans, and never beyond', () => {
    const [phase] = phases('current') as [PhaseView];
    expect(fullness(phase)).toBe(0.25);
    expect(fullness({ ...phase, plansDone: 9 })).toBe(1);
    expect(fullness({ ...phase, plansTotal: 0 })).toBe(0);
    expect(fullness({ ...phase, status: 'done', plansDone: 0 })).toBe(1);
  });

  it('of a long plan are shown around the current one', () => {
    const long = phases(...(Array(20).fill('done') as 'done'[]), 'current', 'todo', 'todo');
    const near = nearPhases(long);
    expect(near).toHaveLength(10);
    expect(near.some(({ status }) => status === 'current')).toBe(true);
    expect(near.at(-1)?.number).toBe('23');
  });
});
