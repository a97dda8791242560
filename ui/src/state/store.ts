/** The store's state in words. */
import type { CommandError, StoreView } from '../bindings';
import type { IconName } from '../components/Icon.svelte';
import { timeOfDay } from '../i18n/format';
import { locale, t } from '../i18n/index.svelte';

export interface StoreWords {
  icon: IconName;
  /** What the status line says. */
  text: string;
  /** Something lasts that is to stay in sight. */
  lasting: boolean;
  /** Somebody has to do something about it. */
  bad: boolean;
}

/** Why a store lets us do nothing, in a word or two. */
function refusal(why: CommandError): string {
  switch (why.code) {
    case 'storePasswordNeeded':
      return t('status.passwordNeeded');
    case 'loginRefused':
      return t('status.loginRefused');
    case 'notAllowed':
      return t('status.notAllowed');
    case 'serverNotSecure':
      return t('status.notSecure');
    default:
      return t('status.notUsable');
  }
}

export function storeWords(store: StoreView): StoreWords {
  const { kind, link } = store;
  if (kind === 'none')
    return { icon: 'storeAway', text: t('status.storeNone'), lasting: true, bad: true };
  if (kind === 'local') {
    return link.state === 'connected'
      ? { icon: 'store', text: t('status.store'), lasting: false, bad: false }
      : { icon: 'storeAway', text: t('notice.storeUnavailable'), lasting: true, bad: true };
  }
  switch (link.state) {
    case 'connected':
      return store.conflicts.length > 0
        ? {
            icon: 'store',
            text: t('status.teamConflicts', { count: store.conflicts.length }),
            lasting: true,
            bad: true,
          }
        : { icon: 'store', text: t('status.team'), lasting: false, bad: false };
    case 'connecting':
      return { icon: 'storeAway', text: t('status.teamConnecting'), lasting: false, bad: false };
    case 'lost':
      return {
        icon: 'storeAway',
        text: t('status.teamLost', { time: timeOfDay(locale(), link.since) }),
        lasting: true,
        bad: false,
      };
    case 'readOnly':
      return { icon: 'store', text: t('status.teamReadOnly'), lasting: true, bad: true };
    case 'refused':
      return {
        icon: 'storeAway',
        text: t('status.teamRefused', { why: refusal(link.why) }),
        lasting: true,
        bad: true,
      };
  }
}

/** What begins when the team's store cannot be used as usual; null where nothing is wrong. */
export function troubleKey(store: StoreView): string | null {
  if (store.kind !== 'team') return null;
  switch (store.link.state) {
    case 'connected':
    case 'connecting':
      return null;
    case 'lost':
      return `store lost ${store.link.since}`;
    case 'readOnly':
    case 'refused':
      return `store ${store.link.state} ${store.link.why.code} ${store.server}/${store.database}`;
  }
}

/** Which changes met somebody else's; null where none did. */
export function conflictKey(store: StoreView): string | null {
  if (store.conflicts.length === 0) return null;
  return `store conflicts ${JSON.stringify(store.conflicts)}`;
}

/** Whether the team's store is there again after it was away. */
export function isBack(before: StoreView | null, now: StoreView): boolean {
  return (
    before?.kind === 'team' &&
    now.kind === 'team' &&
    before.link.state === 'lost' &&
    now.link.state === 'connected'
  );
}

/** Whether a project's session id waits for the team's store. */
export function waitsForStore(store: StoreView | null, projectId: string): boolean {
  return (
    store?.waiting.some(
      (change) => change.projectId === projectId && change.what.kind === 'sessionId',
    ) === true
  );
}
