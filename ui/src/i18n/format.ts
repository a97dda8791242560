/** Times as the window writes them. */
import type { Locale } from '../bindings';
import { translate } from './index.svelte';

/** Formatters by what they are for: to make one takes longer than to draw a row. */
const dates: Record<string, Intl.DateTimeFormat> = {};

function dateFormat(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${tag} ${JSON.stringify(options)}`;
  return (dates[name] ??= new Intl.DateTimeFormat(tag, options));
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

/**
 * How long ago: seconds below a minute, then minutes, hours, "yesterday", the date.
 * `now` is a number of milliseconds, so that a test and the clock can pass it in.
 */
export function sinceShort(language: Locale, at: string, now: number): string {
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return '';
  const elapsed = Math.max(0, now - then.getTime());
  if (elapsed < MINUTE) {
    return translate(language, 'time.seconds', { count: Math.floor(elapsed / 1000) });
  }
  if (elapsed < HOUR) {
    return translate(language, 'time.minutes', { count: Math.floor(elapsed / MINUTE) });
  }
  const today = new Date(now);
  const yesterday = new Date(now - DAY);
  if (elapsed < 12 * HOUR || sameDay(then, today)) {
    return translate(language, 'time.hours', { count: Math.floor(elapsed / HOUR) });
  }
  if (sameDay(then, yesterday)) return translate(language, 'time.yesterday');
  return dayShort(language, then, today);
}

/** A day without its year, where the year is this one: "17 Nov", "17 nov". */
function dayShort(language: Locale, then: Date, today: Date): string {
  const year = then.getFullYear() === today.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return dateFormat(language === 'en' ? 'en-GB' : language, {
    day: 'numeric',
    month: 'short',
    ...year,
  })
    .format(then)
    .replaceAll(' de ', ' ')
    .replaceAll('.', '');
}

/** A day: "2 Nov", "2 nov". */
export function day(language: Locale, at: string, now: number): string {
  const then = new Date(at);
  return Number.isNaN(then.getTime()) ? '' : dayShort(language, then, new Date(now));
}

/** Day and time in full: "19 November 2026, 18:42", "19 de novembro de 2026, 18:42". */
export function dateAndTime(language: Locale, at: string): string {
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return at;
  const tag = language === 'en' ? 'en-GB' : language;
  const date = dateFormat(tag, { day: 'numeric', month: 'long', year: 'numeric' });
  const time = dateFormat(tag, { hour: '2-digit', minute: '2-digit' });
  return `${date.format(then)}, ${time.format(then)}`;
}

/** The time of the day: "18:42". */
export function timeOfDay(language: Locale, at: string): string {
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return '';
  const tag = language === 'en' ? 'en-GB' : language;
  return dateFormat(tag, { hour: '2-digit', minute: '2-digit' }).format(then);
}

/** The time of today, or the day: "18:42", "2 Nov". */
export function timeOrDay(language: Locale, at: string, now: number): string {
  const then = new Date(at);
  const isToday = !Number.isNaN(then.getTime()) && sameDay(then, new Date(now));
  return isToday ? timeOfDay(language, at) : day(language, at, now);
}

/** US dollars, with more digits while there is not a cent of them. */
export function money(language: Locale, usd: number): string {
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    maximumFractionDigits: usd < 0.1 ? 4 : 2,
  }).format(usd);
}
