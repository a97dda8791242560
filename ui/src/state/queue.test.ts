import { describe, expect, it } from 'vitest';

import type { QueuedCommandState, QueuedCommandView } from '../bindings';
import {
  commandProblem,
  dropBefore,
  FADE_MS,
  queueCount,
  queueWords,
  shownQueue,
  stepBefore,
} from './queue';

const at = '2026-11-21T04:00:00Z';
const now = new Date(at).getTime();
const waits: QueuedCommandState = { state: 'waiting', for: 'idle' };
const item = (id: string, state: QueuedCommandState = waits): QueuedCommandView => ({
  id,
  text: `/${id}`,
  about: null,
  addedAt: at,
  state,
});

const queue = [
  item('old', { state: 'delivered', at }),
  item('now', { state: 'sending' }),
  item('a'),
  item('b', { state: 'notDelivered', code: 'noAnswer', message: 'no answer', at }),
  item('c'),
];

describe('the queue', () => {
  it('shows what was delivered for ten seconds', () => {
    expect(shownQueue(queue, now + FADE_MS - 1)).toHaveLength(5);
    expect(shownQueue(queue, now + FADE_MS).map(({ id }) => id)).toEqual(['now', 'a', 'b', 'c']);
  });

  it('counts what was not delivered yet', () => {
    expect(queueCount(queue)).toBe(4);
  });

  it('moves a command by one place, never past what is on its way', () => {
    expect(stepBefore(queue, 'a', -1)).toBeUndefined();
    expect(stepBefore(queue, 'a', 1)).toBe('c');
    expect(stepBefore(queue, 'b', 1)).toBeNull();
    expect(stepBefore(queue, 'c', 1)).toBeUndefined();
    expect(stepBefore(queue, 'c', -1)).toBe('b');
    expect(stepBefore(queue, 'now', 1)).toBeUndefined();
  });

  it('puts a dragged command where it is dropped', () => {
    expect(dropBefore(queue, 'c', 0)).toBe('a');
    expect(dropBefore(queue, 'a', 2)).toBeNull();
    expect(dropBefore(queue, 'a', 0)).toBeUndefined();
    expect(dropBefore(queue, 'a', 99)).toBeNull();
  });

  it('asks the person only where a draft or another conversation is in the way', () => {
    expect(queueWords({ state: 'waiting', for: 'draft' })).toMatchObject({
      tone: 'brass',
      canAgree: true,
    });
    expect(queueWords({ state: 'waiting', for: 'dialog' }).canAgree).toBe(false);
    expect(queueWords({ state: 'sending' })).toMatchObject({ canEdit: false, canRemove: false });
    const unknown = { state: 'waiting', for: 'moon' } as unknown as QueuedCommandState;
    expect(queueWords(unknown).key).toBe('queue.idle');
  });
});

it.each([
  ['  ', 'empty'],
  ['/clear', null],
  [' /gsd-plan-phase 3 ', null],
  ['one\ntwo', 'lines'],
  ['é'.repeat(800), null],
  ['é'.repeat(801), 'long'],
  ['😀'.repeat(401), 'long'],
  [' !ls', 'shell'],
])('%j as a command: %s', (text, problem) => {
  expect(commandProblem(text)).toBe(problem);
});
