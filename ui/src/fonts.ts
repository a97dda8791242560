/**
 * Waits for the fonts that come with Reprise: a terminal that measured a sign before its font
 * was there would keep the wrong width for it. Without them it shows what the system has.
 */
export async function loadFonts(): Promise<void> {
  const families = ['Reprise Symbols', 'Reprise Symbols 2'];
  await Promise.allSettled(families.map((family) => document.fonts.load(`13px "${family}"`, '⎿⏵')));
}
