import { describe, expect, it } from 'vitest';

import type { AskView, ProjectView, QueuedCommandState, TerminalState } from '../bindings';
import { announcementOf, queueAnnouncement } from './announce.svelte';
import { shownState } from './words';

function shown(
  state: TerminalState['state'],
  queue: QueuedCommandState[],
  ask: AskView | null = null,
) {
  const view = {
    id: 'p',
    name: 'Storefront',
    sessionId: null,
    invalidSessionId: null,
    live: {
      state: { state },
      since: '2026-11-21T04:00:00Z',
      ask,
      run: null,
      background: false,
      queue: queue.map((one, at) => ({
        id: String(at),
        text: '/clear',
        about: null,
        addedAt: '2026-11-21T04:00:00Z',
        state: one,
      })),
    },
  } as unknown as ProjectView;
  return { view, state: shownState(view, undefined) };
}

const waits: QueuedCommandState = { state: 'waiting', for: 'idle' };
const at = '2026-11-21T04:00:10Z';

describe('what is announced', () => {
  it('a permission at once, with the tool that asks', () => {
    const ask = { tool: 'Bash', input: 'rm -rf build' };
    expect(announcementOf(shown('working', []), shown('permission', [], ask), false)).toEqual({
      urgent: true,
      text: 'Storefront needs permission: Bash',
    });
    expect(announcementOf(shown('working', []), shown('permission', []), false)?.text).toBe(
      'Storefront needs permission',
    );
  });

  it('never that a session works', () => {
    expect(announcementOf(shown('idle', []), shown('working', []), true)).toBeNull();
  });

  it('a command that arrived politely, one that did not at once', () => {
    const before = shown('idle', [waits]);
    expect(queueAnnouncement(before, shown('idle', [{ state: 'delivered', at }]))?.urgent).toBe(
      false,
    );
    const failed: QueuedCommandState = { state: 'notDelivered', code: 'x', message: 'y', at };
    expect(queueAnnouncement(before, shown('idle', [failed]))).toEqual({
      urgent: true,
      text: 'Storefront: a command was not delivered',
    });
  });

  it('nothing of a queue that was so when the window opened', () => {
    expect(queueAnnouncement(undefined, shown('idle', [{ state: 'delivered', at }]))).toBeNull();
    const same = shown('idle', [{ state: 'delivered', at }]);
    expect(queueAnnouncement(same, same)).toBeNull();
  });
});
