/** What a screen reader is told of sessions, and no more than that. */
import type { ProjectView } from '../bindings';
import { t } from '../i18n/index.svelte';
import { plain } from './text';
import type { ShownState } from './words';

/** One project is announced at most once in this time. */
const QUIET_MS = 5000;

interface Shown {
  view: ProjectView;
  state: ShownState;
}

export const announcements = $state({ polite: '', urgent: '' });
const lastAt: Record<string, number> = {};

/** Which change of state is said, and how urgently. */
export function announcementOf(
  before: Shown | undefined,
  after: Shown,
  inFront: boolean,
): { urgent: boolean; text: string } | null {
  if (!before || before.state.glyph === after.state.glyph) return null;
  const name = plain(after.view.name, 80);
  switch (after.state.glyph) {
    case 'permission': {
      const tool = after.view.live?.ask?.tool ?? '';
      const text =
        tool === ''
          ? t('announce.permission', { name })
          : t('announce.permissionTool', { name, tool: plain(tool, 60) });
      return { urgent: true, text };
    }
    case 'question':
      return { urgent: true, text: t('announce.question', { name }) };
    case 'idle':
      return inFront ? { urgent: false, text: t('announce.idle', { name }) } : null;
    case 'ended':
      return inFront ? { urgent: false, text: t('announce.ended', { name }) } : null;
    case 'unknown':
      return inFront ? { urgent: false, text: t('announce.unknown', { name }) } : null;
    default:
      return null;
  }
}

/** What became of the commands in a project's queue since the list before. */
export function queueAnnouncement(
  before: Shown | undefined,
  after: Shown,
): { urgent: boolean; text: string } | null {
  const name = plain(after.view.name, 80);
  const earlier = Object.fromEntries(
    (before?.view.live?.queue ?? []).map(({ id, state }) => [id, state.state]),
  );
  const became = (wanted: string) =>
    (after.view.live?.queue ?? []).some(
      ({ id, state }) => state.state === wanted && ![undefined, wanted].includes(earlier[id]),
    );
  if (became('notDelivered')) return { urgent: true, text: t('announce.notDelivered', { name }) };
  if (became('delivered')) return { urgent: false, text: t('announce.delivered', { name }) };
  return null;
}

function say({ urgent, text }: { urgent: boolean; text: string }): void {
  if (urgent) announcements.urgent = text;
  else announcements.polite = text;
}

/** Says something when there is time for it. */
export function announce(text: string): void {
  say({ urgent: false, text });
}

export function announceChanges(before: Shown[], after: Shown[], front: string | null): void {
  const now = Date.now();
  const byId = Object.fromEntries(before.map((shown) => [shown.view.id, shown]));
  for (const shown of after) {
    const earlier = byId[shown.view.id];
    const ofQueue = queueAnnouncement(earlier, shown);
    if (ofQueue) say(ofQueue);
    const said = announcementOf(earlier, shown, shown.view.id === front);
    if (!said || now - (lastAt[shown.view.id] ?? 0) < QUIET_MS) continue;
    lastAt[shown.view.id] = now;
    say(said);
  }
}
