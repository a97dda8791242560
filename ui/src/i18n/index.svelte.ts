/**
 * The words of the window. `t` is typed: a key that does not exist, a placeholder that is
 * missing, or a language without one of the keys fails the type check.
 */
import type { Locale } from '../bindings';
import { en } from './en';
import { ptBR } from './pt-BR';

type Plural = { readonly one: string; readonly other: string };
type English = typeof en;
export type Key = keyof English;

/** A language: the same keys, and plural forms where English has them. */
export type Messages = { readonly [K in Key]: English[K] extends string ? string : Plural };

type Placeholders<S> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type Names<K extends Key> = English[K] extends Plural
  ? Placeholders<English[K]['one'] | English[K]['other']> | 'count'
  : Placeholders<English[K]>;
type Value<N> = N extends 'count' ? number : string | number;

/** What `t` needs beside the key. */
export type Params<K extends Key> = [Names<K>] extends [never]
  ? []
  : [params: { [N in Names<K>]: Value<N> }];

const languages: Record<Locale, Messages> = { en, 'pt-BR': ptBR };

const current = $state<{ locale: Locale }>({ locale: 'en' });

export function locale(): Locale {
  return current.locale;
}

export function setLocale(next: Locale): void {
  current.locale = next;
}

/** The best of our languages for what a browser or system reports. */
export function nearestLocale(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    if (tag.toLowerCase().startsWith('pt')) return 'pt-BR';
    if (tag.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}

/** Puts values into a text. They stay text and are kept apart from its writing direction. */
export function fill(text: string, params: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : String(value);
  });
}

/** How each language counts; made once, since every row of a list asks. */
const counting: Partial<Record<Locale, { plural: Intl.PluralRules; number: Intl.NumberFormat }>> =
  {};

/** The text for a key in a given language. */
export function translate<K extends Key>(language: Locale, key: K, ...rest: Params<K>): string {
  const params = (rest[0] ?? {}) as Record<string, string | number>;
  const message: string | Plural = languages[language][key];
  if (typeof message === 'string') return fill(message, params);
  const count = Number(params['count']);
  const { plural, number } = (counting[language] ??= {
    plural: new Intl.PluralRules(language),
    number: new Intl.NumberFormat(language),
  });
  const form = plural.select(count) === 'one' ? 'one' : 'other';
  return fill(message[form], { ...params, count: number.format(count) });
}

/** The text for a key in the current language; in a component it follows a change of language. */
export function t<K extends Key>(key: K, ...rest: Params<K>): string {
  return translate(current.locale, key, ...rest);
}

/** Whether a text exists under this name, for names that come from outside. */
export function isKey(name: string): name is Key {
  return Object.hasOwn(en, name);
}

/** Fills a key whose placeholders are only known at run time, as those of errors are. */
export function tUnchecked(key: Key, params: Record<string, string | number>): string {
  const message: string | Plural = languages[current.locale][key];
  return fill(typeof message === 'string' ? message : message.other, params);
}
