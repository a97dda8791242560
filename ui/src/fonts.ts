/** They are in the page already: what keeps them longer must not keep the window empty. */
const PATIENCE_MS = 1000;

/**
 * Waits for the fonts that come with Reprise: a terminal that measured a sign before its font
 * was there would keep the wrong width for it. Without them it shows what the system has.
 */
export async function loadFonts(): Promise<void> {
  const families = ['Reprise Symbols', 'Reprise Symbols 2'];
  const loaded = Promise.allSettled(
    families.map((family) => document.fonts.load(`13px "${family}"`, '⎿⏵')),
  );
  await Promise.race([loaded, new Promise((late) => setTimeout(late, PATIENCE_MS))]);
}
