/** The keys that Reprise takes for itself. Every other key belongs to the session. */
import type { Platform } from '../bindings';

/** What has a key, in the order of the settings' list. */
export const KEYED = [
  'palette',
  'openFolder',
  'newMilestone',
  'queueCommand',
  'nextNeedsYou',
  'previousProject',
  'nextProject',
  'find',
  'findNext',
  'findPrevious',
  'previousTurn',
  'nextTurn',
  'copy',
  'paste',
  'pasteSelection',
  'sidebar',
  'milestones',
  'zoomIn',
  'zoomOut',
  'zoomReset',
  'nextRegion',
  'previousRegion',
  'settings',
  'closeWindow',
] as const;

/** What a key, a palette row or an item of the native menu asks for. */
export type Keyed = (typeof KEYED)[number];

export type Action = { do: Keyed } | { do: 'project'; index: number };

/** The parts of a keyboard event that decide. */
export type Chord = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'
>;

interface Letter {
  letter: string;
  do: Keyed;
  /** On a Mac the command key alone is enough for most, and taken for others. */
  macShift: boolean;
}

/** Letters, with the platform's own modifier for programs that run in a terminal. */
const LETTERS: readonly Letter[] = [
  { letter: 'p', do: 'palette', macShift: true },
  { letter: 'o', do: 'openFolder', macShift: false },
  { letter: 'j', do: 'nextNeedsYou', macShift: true },
  { letter: 'b', do: 'sidebar', macShift: false },
  { letter: 'm', do: 'milestones', macShift: true },
  { letter: 'n', do: 'newMilestone', macShift: true },
  { letter: 'k', do: 'queueCommand', macShift: true },
  { letter: 'f', do: 'find', macShift: false },
  { letter: 'c', do: 'copy', macShift: false },
  { letter: 'v', do: 'paste', macShift: false },
  { letter: 'w', do: 'closeWindow', macShift: false },
];

const OTHERS: Partial<Record<Keyed, { linux: string; mac: string }>> = {
  previousProject: { linux: 'Ctrl+PageUp', mac: '⇧⌘[' },
  nextProject: { linux: 'Ctrl+PageDown', mac: '⇧⌘]' },
  findNext: { linux: 'F3', mac: '⌘G' },
  findPrevious: { linux: 'Shift+F3', mac: '⇧⌘G' },
  previousTurn: { linux: 'Ctrl+Shift+↑', mac: '⇧⌘↑' },
  nextTurn: { linux: 'Ctrl+Shift+↓', mac: '⇧⌘↓' },
  settings: { linux: 'Ctrl+,', mac: '⌘,' },
  zoomIn: { linux: 'Ctrl++', mac: '⌘+' },
  zoomOut: { linux: 'Ctrl+-', mac: '⌘-' },
  zoomReset: { linux: 'Ctrl+0', mac: '⌘0' },
  pasteSelection: { linux: 'Shift+Insert', mac: '' },
  nextRegion: { linux: 'F6', mac: 'F6' },
  previousRegion: { linux: 'Shift+F6', mac: '⇧F6' },
};

/** How a key is written, for whoever wants to learn it; empty where there is none. */
export function keyOf(what: Keyed, platform: Platform): string {
  const letter = LETTERS.find((entry) => entry.do === what);
  const mac = platform === 'mac';
  if (!letter) return OTHERS[what]?.[mac ? 'mac' : 'linux'] ?? '';
  const key = letter.letter.toUpperCase();
  return mac ? `${letter.macShift ? '⇧' : ''}⌘${key}` : `Ctrl+Shift+${key}`;
}

/** How the key of the project at this place is written. */
export function projectKey(index: number, platform: Platform): string {
  if (index > 8) return '';
  return `${platform === 'mac' ? '⌘' : 'Alt+'}${String(index + 1)}`;
}

function sign(key: string, shifted: boolean): Action | null {
  // Plus is shifted on many layouts.
  if (key === '+' || key === '=') return { do: 'zoomIn' };
  if (shifted) return null;
  if (key === ',') return { do: 'settings' };
  if (key === '-') return { do: 'zoomOut' };
  return key === '0' ? { do: 'zoomReset' } : null;
}

function ofLetter(key: string): Letter | undefined {
  return LETTERS.find(({ letter }) => letter === key);
}

function ofControl(chord: Chord): Action | null {
  const key = chord.key.toLowerCase();
  if (!chord.shiftKey) {
    if (key === 'pageup') return { do: 'previousProject' };
    if (key === 'pagedown') return { do: 'nextProject' };
  }
  if (chord.shiftKey && key === 'arrowup') return { do: 'previousTurn' };
  if (chord.shiftKey && key === 'arrowdown') return { do: 'nextTurn' };
  const letter = chord.shiftKey ? ofLetter(key) : undefined;
  return letter ? { do: letter.do } : sign(key, chord.shiftKey);
}

function ofCommand(chord: Chord): Action | null {
  const key = chord.key.toLowerCase();
  if (chord.shiftKey) {
    if (chord.code === 'BracketLeft') return { do: 'previousProject' };
    if (chord.code === 'BracketRight') return { do: 'nextProject' };
    if (key === 'arrowup') return { do: 'previousTurn' };
    if (key === 'arrowdown') return { do: 'nextTurn' };
    if (key === 'g') return { do: 'findPrevious' };
  } else if (key === 'g') {
    return { do: 'findNext' };
  } else if (/^[1-9]$/.test(key)) {
    return { do: 'project', index: Number(key) - 1 };
  }
  const letter = ofLetter(key);
  if (letter?.macShift === chord.shiftKey) return { do: letter.do };
  return sign(key, chord.shiftKey);
}

/**
 * Whether the native menu has this key and nobody else: to quit, and the full screen. The menu
 * gets what the page leaves, and the session must not have it. A Mac's menu is asked first.
 */
export function isOfMenu(chord: Chord, platform: Platform): boolean {
  if (platform === 'mac' || chord.altKey || chord.metaKey) return false;
  if (chord.key === 'F11') return !chord.ctrlKey && !chord.shiftKey;
  return chord.key.toLowerCase() === 'q' && chord.ctrlKey && chord.shiftKey;
}

/** What a key press means to Reprise, or null when it belongs to the session. */
export function actionOf(chord: Chord, platform: Platform): Action | null {
  if (!chord.ctrlKey && !chord.altKey && !chord.metaKey) {
    if (chord.key === 'F6') return { do: chord.shiftKey ? 'previousRegion' : 'nextRegion' };
    if (chord.key === 'F3') return { do: chord.shiftKey ? 'findPrevious' : 'findNext' };
  }
  if (platform === 'mac') {
    return chord.metaKey && !chord.ctrlKey && !chord.altKey ? ofCommand(chord) : null;
  }
  if (chord.metaKey) return null;
  if (chord.key === 'Insert' && !chord.altKey && chord.shiftKey !== chord.ctrlKey) {
    return { do: chord.shiftKey ? 'pasteSelection' : 'copy' };
  }
  if (chord.altKey && !chord.ctrlKey && !chord.shiftKey) {
    // By position: on some layouts the row of digits needs Shift.
    const digit = /^Digit([1-9])$/.exec(chord.code);
    return digit ? { do: 'project', index: Number(digit[1]) - 1 } : null;
  }
  return chord.ctrlKey && !chord.altKey ? ofControl(chord) : null;
}
