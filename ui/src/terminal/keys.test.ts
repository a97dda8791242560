import { describe, expect, it } from 'vitest';

import { actionOf, isOfMenu, type Chord, keyOf, projectKey } from './keys';

/** Reads "Ctrl+Shift+O"; a single letter also gives the code. */
function chord(text: string): Chord {
  const parts = text.split('+').filter((part) => part !== '');
  const key = text.endsWith('++') ? '+' : (parts.at(-1) ?? '');
  const has = (name: string) => parts.slice(0, text.endsWith('++') ? undefined : -1).includes(name);
  return {
    key,
    code: /^\d$/.test(key) ? `Digit${key}` : `Key${key.toUpperCase()}`,
    ctrlKey: has('Ctrl'),
    shiftKey: has('Shift'),
    altKey: has('Alt'),
    metaKey: has('Meta'),
  };
}

describe('actionOf', () => {
  it.each([
    ['Ctrl+Shift+O', 'openFolder'],
    ['Ctrl+Insert', 'copy'],
    ['Shift+Insert', 'pasteSelection'],
    ['Ctrl+Shift+P', 'palette'],
    ['Ctrl+Shift+M', 'milestones'],
    ['Ctrl+Shift+N', 'newMilestone'],
    ['Ctrl+Shift+K', 'queueCommand'],
    ['Alt+1', 'project'],
    ['Ctrl+PageUp', 'previousProject'],
    ['Ctrl+PageDown', 'nextProject'],
    ['Ctrl+Shift+J', 'nextNeedsYou'],
    ['Ctrl+Shift+B', 'sidebar'],
    ['Ctrl+Shift+F', 'find'],
    ['Ctrl+Shift+ArrowUp', 'previousTurn'],
    ['Ctrl+Shift+ArrowDown', 'nextTurn'],
    ['Ctrl+Shift+C', 'copy'],
    ['Ctrl+Shift+V', 'paste'],
    ['Ctrl++', 'zoomIn'],
    ['Ctrl+Shift++', 'zoomIn'],
    ['Ctrl+-', 'zoomOut'],
    ['Ctrl+0', 'zoomReset'],
    ['F6', 'nextRegion'],
    ['Shift+F6', 'previousRegion'],
    ['F3', 'findNext'],
    ['Shift+F3', 'findPrevious'],
    ['Ctrl+Shift+W', 'closeWindow'],
  ])('takes %s', (text, action) => {
    expect(actionOf(chord(text), 'linux')?.do).toBe(action);
  });

  it.each([
    'Escape',
    'Tab',
    'Shift+Tab',
    'Enter',
    'Shift+Enter',
    'Ctrl+c',
    'Ctrl+v',
    'Ctrl+w',
    'Ctrl+q',
    'Ctrl+o',
    'Ctrl+j',
    'Ctrl+_',
    'Alt+b',
    'Alt+0',
    'Alt+Shift+1',
    'Ctrl+Alt+1',
    'Ctrl+Shift+PageUp',
    'PageUp',
    'F5',
    'F2',
    'Meta+c',
    'a',
    'ã',
  ])('leaves %s to the session', (text) => {
    expect(actionOf(chord(text), 'linux')).toBeNull();
  });

  it('uses the command key on a Mac', () => {
    expect(actionOf(chord('Meta+c'), 'mac')?.do).toBe('copy');
    expect(actionOf(chord('Meta+3'), 'mac')).toEqual({ do: 'project', index: 2 });
    expect(actionOf(chord('Ctrl+c'), 'mac')).toBeNull();
    expect(actionOf(chord('Meta+Shift+P'), 'mac')?.do).toBe('palette');
    expect(actionOf(chord('Meta+p'), 'mac')).toBeNull();
  });
});

it('writes a key as the platform does', () => {
  expect(keyOf('palette', 'linux')).toBe('Ctrl+Shift+P');
  expect(keyOf('palette', 'mac')).toBe('⇧⌘P');
  expect(keyOf('sidebar', 'mac')).toBe('⌘B');
  expect(keyOf('nextProject', 'linux')).toBe('Ctrl+PageDown');
  expect([projectKey(1, 'linux'), projectKey(1, 'mac'), projectKey(9, 'linux')]).toEqual([
    'Alt+2',
    '⌘2',
    '',
  ]);
});

it.each([
  ['F11', true],
  ['Ctrl+Shift+Q', true],
  ['Shift+F11', false],
  ['Ctrl+q', false],
  ['Ctrl+Alt+Shift+Q', false],
])('leaves %s to the menu: %s', (text, isTheMenus) => {
  expect(isOfMenu(chord(text), 'linux')).toBe(isTheMenus);
  expect(isOfMenu(chord(text), 'mac')).toBe(false);
  if (isTheMenus) expect(actionOf(chord(text), 'linux')).toBeNull();
});
