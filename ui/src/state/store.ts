/** The store's state in words. */
import type { CommandError, StoreView } from '../bindings';
import type { IconName } from '../components/Icon.svelte';
import { t } from '../i18n/index.svelte';

export interface StoreWords {
  icon: IconName;
  /** What the status line says. */
  text: string;
  /** Something is wrong with it. */
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
  if (kind === 'none') return { icon: 'storeAway', text: t('status.storeNone'), bad: true };
  if (kind === 'local') {
    return link.state === 'connected'
      ? { icon: 'store', text: t('status.store'), bad: false }
      : { icon: 'storeAway', text: t('notice.storeUnavailable'), bad: true };
  }
  switch (link.state) {
    case 'connected':
      return { icon: 'store', text: t('status.team'), bad: false };
    case 'refused':
      return {
        icon: 'storeAway',
        text: t('status.teamRefused', { why: refusal(link.why) }),
        bad: true,
      };
  }
}
