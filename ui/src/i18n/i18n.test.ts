import { describe, expect, it } from 'vitest';

import { en } from './en';
import { dateAndTime, sinceShort } from './format';
import { nearestLocale, translate } from './index.svelte';
import { ptBR } from './pt-BR';

function placeholders(message: string | { one: string; other: string }): string[] {
  const text = typeof message === 'string' ? message : message.one + message.other;
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? ''))].sort();
}

describe('the languages', () => {
  it.each(Object.keys(en) as (keyof typeof en)[])('%s has the same placeholders in both', (key) => {
    expect(placeholders(ptBR[key])).toEqual(placeholders(en[key]));
  });

  it('say the phrase of a reconnection as agreed', () => {
    expect(translate('pt-BR', 'cue.resuming')).toBe('Reconectando à sessão existente…');
  });

  it('choose the plural form by the language', () => {
    expect(translate('en', 'needsYou.count', { count: 1 })).toBe('1 needs you');
    expect(translate('en', 'needsYou.count', { count: 2 })).toBe('2 need you');
    // In Portuguese zero is singular.
    expect(translate('pt-BR', 'needsYou.count', { count: 0 })).toBe('0 espera você');
  });

  it('leave braces in a value alone', () => {
    expect(translate('en', 'terminal.name', { name: '{name} $& <b>' })).toBe(
      'Terminal, {name} $& <b>',
    );
  });

  it('are found from what the system reports', () => {
    expect(nearestLocale(['de-DE', 'pt-PT'])).toBe('pt-BR');
    expect(nearestLocale(['C'])).toBe('en');
  });
});

describe('times', () => {
  const now = new Date(2026, 10, 21, 15, 0, 0).getTime();
  const at = (...parts: [number, number, number, number, number, number]) =>
    new Date(...parts).toISOString();
  it.each([
    ['20 s', at(2026, 10, 21, 14, 59, 40)],
    ['4 min', at(2026, 10, 21, 14, 56, 0)],
    ['2 h', at(2026, 10, 21, 12, 30, 0)],
    ['yesterday', at(2026, 10, 20, 1, 0, 0)],
    ['17 Nov', at(2026, 10, 17, 1, 0, 0)],
    ['3 Dec 2025', at(2025, 11, 3, 1, 0, 0)],
  ])('%s', (words, moment) => {
    expect(sinceShort('en', moment, now)).toBe(words);
  });

  it('are written as the language does', () => {
    const moment = at(2026, 10, 19, 18, 42, 0);
    expect(sinceShort('pt-BR', moment, now)).toBe('19 nov');
    expect(dateAndTime('en', moment)).toBe('19 November 2026, 18:42');
    expect(dateAndTime('pt-BR', moment)).toBe('19 de novembro de 2026, 18:42');
  });

  it('of the future, by a clock that was set back, count as now', () => {
    expect(sinceShort('en', at(2026, 10, 22, 0, 0, 0), now)).toBe('0 s');
  });
});
