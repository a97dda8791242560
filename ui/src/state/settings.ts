/** The pages of the settings, in their order. */
export const SETTINGS_PAGES = [
  'general',
  'appearance',
  'terminal',
  'claude',
  'notifications',
  'store',
  'keyboard',
] as const;

export type SettingsPage = (typeof SETTINGS_PAGES)[number];
