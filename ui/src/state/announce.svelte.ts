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
    case 'permission':
      return { urgent: true, text: t('announce.permission', { name }) };
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

export function announceChanges(before: Shown[], after: Shown[], front: string | null): void {
  const now = Date.now();
  for (const shown of after) {
    const earlier = before.find(({ view }) => view.id === shown.view.id);
    const said = announcementOf(earlier, shown, shown.view.id === front);
    if (!said || now - (lastAt[shown.view.id] ?? 0) < QUIET_MS) continue;
    lastAt[shown.view.id] = now;
    if (said.urgent) announcements.urgent = said.text;
    else announcements.polite = said.text;
  }
}
