/** The queue as it is shown: what stays, in which words, and where a move leads. */
import type { QueuedCommandState, QueuedCommandView } from '../bindings';
import type { IconName } from '../components/Icon.svelte';
import type { Key } from '../i18n/index.svelte';

/** What was delivered leaves the list after this time. */
export const FADE_MS = 10_000;
/** Longer commands are refused: they belong into a file. */
export const MAX_COMMAND = 800;

/** The commands that are shown: what was delivered only for a moment. */
export function shownQueue(queue: readonly QueuedCommandView[], now: number): QueuedCommandView[] {
  return queue.filter(({ state }) => {
    if (state.state !== 'delivered') return true;
    const at = new Date(state.at).getTime();
    return Number.isFinite(at) && now - at < FADE_MS;
  });
}

/** How many wait, are being sent, or were not delivered. */
export function queueCount(queue: readonly QueuedCommandView[]): number {
  return queue.filter(({ state }) => state.state !== 'delivered').length;
}

export interface QueueWords {
  key: Key;
  icon: IconName;
  tone: 'plain' | 'brass' | 'red' | 'done';
  /** The person may let it go although something stands in its way. */
  canAgree: boolean;
  canRetry: boolean;
  canEdit: boolean;
  canRemove: boolean;
}

const WAITING: Record<Extract<QueuedCommandState, { state: 'waiting' }>['for'], QueueWords> = {
  idle: waiting('queue.idle'),
  earlier: waiting('queue.earlier'),
  start: waiting('queue.start'),
  dialog: { ...waiting('queue.dialog'), tone: 'brass' },
  draft: { ...waiting('queue.draft'), tone: 'brass', canAgree: true },
  conversation: { ...waiting('queue.conversation'), tone: 'brass', canAgree: true },
};

function waiting(key: Key): QueueWords {
  return {
    key,
    icon: 'clock',
    tone: 'plain',
    canAgree: false,
    canRetry: false,
    canEdit: true,
    canRemove: true,
  };
}

export function queueWords(state: QueuedCommandState): QueueWords {
  switch (state.state) {
    case 'waiting':
      // A newer host may wait for something that this window has no words for.
      return WAITING[state.for] ?? waiting('queue.idle');
    case 'sending':
      return { ...waiting('queue.sending'), icon: 'send', canEdit: false, canRemove: false };
    case 'delivered':
      return {
        ...waiting('queue.delivered'),
        icon: 'check',
        tone: 'done',
        canEdit: false,
        canRemove: false,
      };
    case 'notDelivered':
      return { ...waiting('queue.notDelivered'), icon: 'cross', tone: 'red', canRetry: true };
  }
}

/** Whether its place can change: what is on its way or arrived stays. */
export function movable({ state }: QueuedCommandView): boolean {
  return state.state === 'waiting' || state.state === 'notDelivered';
}

/**
 * Where `id` has to go for a step up or down: before which command (null: to the end), or
 * undefined when there is no such place.
 */
export function stepBefore(
  queue: readonly QueuedCommandView[],
  id: string,
  step: -1 | 1,
): string | null | undefined {
  const order = queue.filter(movable);
  const at = order.findIndex((item) => item.id === id);
  if (at < 0) return undefined;
  if (step === -1) return order[at - 1]?.id;
  if (at === order.length - 1) return undefined;
  return order[at + 2]?.id ?? null;
}

/** Where `id` has to go to stand at `index` of the list without it; undefined: it is there. */
export function dropBefore(
  queue: readonly QueuedCommandView[],
  id: string,
  index: number,
): string | null | undefined {
  const order = queue.filter(movable);
  const at = order.findIndex((item) => item.id === id);
  if (at < 0) return undefined;
  const rest = order.filter((item) => item.id !== id);
  const place = Math.max(0, Math.min(rest.length, index));
  return place === at ? undefined : (rest[place]?.id ?? null);
}

/** Why a text cannot be a command, before anybody is asked. */
export function commandProblem(text: string): 'empty' | 'lines' | 'shell' | 'long' | null {
  const line = text.trim();
  if (line === '') return 'empty';
  if (/[\r\n\u2028\u2029]/.test(line)) return 'lines';
  if (line.startsWith('!')) return 'shell';
  // As Claude Code counts.
  return line.length > MAX_COMMAND ? 'long' : null;
}
