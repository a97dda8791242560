/** The keys that Reprise takes for itself. Every other key belongs to the session. */
import type { Platform } from '../bindings';

export type Action =
  | { do: 'openFolder' }
  | { do: 'project'; index: number }
  | { do: 'previousProject' }
  | { do: 'nextProject' }
  | { do: 'nextNeedsYou' }
  | { do: 'sidebar' }
  | { do: 'find' }
  | { do: 'copy' }
  | { do: 'paste' }
  | { do: 'zoomIn' }
  | { do: 'zoomOut' }
  | { do: 'zoomReset' }
  | { do: 'nextRegion' }
  | { do: 'previousRegion' }
  | { do: 'closeWindow' };

/** The parts of a keyboard event that decide. */
export type Chord = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'
>;

/** Letters, with the platform's own modifier for programs that run in a terminal. */
const LETTERS: ReadonlyMap<string, Action> = new Map([
  ['o', { do: 'openFolder' }],
  ['j', { do: 'nextNeedsYou' }],
  ['b', { do: 'sidebar' }],
  ['f', { do: 'find' }],
  ['c', { do: 'copy' }],
  ['v', { do: 'paste' }],
  ['w', { do: 'closeWindow' }],
  ['q', { do: 'closeWindow' }],
]);

function zoom(key: string, shifted: boolean): Action | null {
  // Plus is shifted on many layouts.
  if (key === '+' || key === '=') return { do: 'zoomIn' };
  if (shifted) return null;
  if (key === '-') return { do: 'zoomOut' };
  return key === '0' ? { do: 'zoomReset' } : null;
}

function ofControl(chord: Chord): Action | null {
  const key = chord.key.toLowerCase();
  if (!chord.shiftKey) {
    if (key === 'pageup') return { do: 'previousProject' };
    if (key === 'pagedown') return { do: 'nextProject' };
  }
  return (chord.shiftKey ? LETTERS.get(key) : null) ?? zoom(key, chord.shiftKey);
}

function ofCommand(chord: Chord): Action | null {
  const key = chord.key.toLowerCase();
  if (chord.shiftKey) {
    if (chord.code === 'BracketLeft') return { do: 'previousProject' };
    if (chord.code === 'BracketRight') return { do: 'nextProject' };
  } else if (/^[1-9]$/.test(key)) {
    return { do: 'project', index: Number(key) - 1 };
  }
  // Of the letters only this one takes Shift there.
  const letter = chord.shiftKey === (key === 'j') ? LETTERS.get(key) : null;
  return letter ?? zoom(key, chord.shiftKey);
}

/** What a key press means to Reprise, or null when it belongs to the session. */
export function actionOf(chord: Chord, platform: Platform): Action | null {
  if (chord.key === 'F6' && !chord.ctrlKey && !chord.altKey && !chord.metaKey) {
    return { do: chord.shiftKey ? 'previousRegion' : 'nextRegion' };
  }
  if (platform === 'mac') {
    return chord.metaKey && !chord.ctrlKey && !chord.altKey ? ofCommand(chord) : null;
  }
  if (chord.metaKey) return null;
  if (chord.altKey && !chord.ctrlKey && !chord.shiftKey) {
    // By position: on some layouts the row of digits needs Shift.
    const digit = /^Digit([1-9])$/.exec(chord.code);
    return digit ? { do: 'project', index: Number(digit[1]) - 1 } : null;
  }
  return chord.ctrlKey && !chord.altKey ? ofControl(chord) : null;
}
