/** The fonts that are looked for before anything is drawn. */
import * as ipc from './ipc';

/** They are there at once: what keeps them longer must not keep the window empty. */
const PATIENCE_MS = 1000;

/** The tokens that name families, the one that is liked best first. */
const STACKS = ['--font-ui', '--font-mono'];
/** Families that CSS itself knows; they are never missing. */
const GENERIC = new Set(['system-ui', 'sans-serif', 'monospace']);

/**
 * Waits for the fonts that come with Reprise: a terminal that measured a sign before its font
 * was there would keep the wrong width for it. Without them it shows what the system has.
 *
 * And leaves those out that are not on this computer: WebKit looks for each of them anew with every
 * size and weight, which took a sixth of the time until the window was there.
 */
export async function loadFonts(): Promise<void> {
  const families = [...document.fonts].map((face) => unquoted(face.family));
  const all = Promise.allSettled([
    ...families.map((family) => document.fonts.load(`13px "${family}"`, '⎿⏵')),
    leaveOutMissing(families),
  ]);
  await Promise.race([all, new Promise((late) => setTimeout(late, PATIENCE_MS))]);
}

async function leaveOutMissing(own: string[]): Promise<void> {
  const root = document.documentElement;
  const style = getComputedStyle(root);
  const stacks = STACKS.map((token) => familiesOf(style.getPropertyValue(token)));
  const known = (family: string) => GENERIC.has(family) || own.includes(family);
  const asked = stacks.flat().filter((family) => !known(family));
  const installed = await ipc.installedFonts(asked);
  STACKS.forEach((token, at) => {
    const there = stacks[at]?.filter((family) => known(family) || installed.includes(family));
    root.style.setProperty(token, (there ?? []).map(quoted).join(', '));
  });
}

/** The names in a value of CSS's `font-family`. */
export function familiesOf(value: string): string[] {
  return value
    .split(',')
    .map((name) => unquoted(name.trim()))
    .filter((name) => name !== '');
}

function unquoted(name: string): string {
  return name.replace(/^["'](.*)["']$/, '$1');
}

function quoted(name: string): string {
  return GENERIC.has(name) ? name : `"${name}"`;
}
