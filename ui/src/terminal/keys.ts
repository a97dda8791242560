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

function ofControl(chord: Chord): Action | null {
  switch (chord.key.toLowerCase()) {
    case 'pageup':
      return chord.shiftKey ? null : { do: 'previousProject' };
    case 'pagedown':
      return chord.shiftKey ? null : { do: 'nextProject' };
    // Plus is shifted on many layouts.
    case '+':
    case '=':
      return { do: 'zoomIn' };
    case '-':
      return chord.shiftKey ? null : { do: 'zoomOut' };
    case '0':
      return chord.shiftKey ? null : { do: 'zoomReset' };
  }
  if (!chord.shiftKey) return null;
  switch (chord.key.toLowerCase()) {
    case 'o':
      return { do: 'openFolder' };
    case 'j':
      return { do: 'nextNeedsYou' };
    case 'b':
      return { do: 'sidebar' };
    case 'f':
      return { do: 'find' };
    case 'c':
      return { do: 'copy' };
    case 'v':
      return { do: 'paste' };
    case 'w':
    case 'q':
      return { do: 'closeWindow' };
    default:
      return null;
  }
}

function ofCommand(chord: Chord): Action | null {
  const key = chord.key.toLowerCase();
  if (/^[1-9]$/.test(key) && !chord.shiftKey) return { do: 'project', index: Number(key) - 1 };
  if (chord.shiftKey) {
    if (chord.code === 'BracketLeft') return { do: 'previousProject' };
    if (chord.code === 'BracketRight') return { do: 'nextProject' };
    if (key === 'j') return { do: 'nextNeedsYou' };
    return key === '+' || key === '=' ? { do: 'zoomIn' } : null;
  }
  switch (key) {
    case 'o':
      return { do: 'openFolder' };
    case 'b':
      return { do: 'sidebar' };
    case 'f':
      return { do: 'find' };
    case 'c':
      return { do: 'copy' };
    case 'v':
      return { do: 'paste' };
    case '+':
    case '=':
      return { do: 'zoomIn' };
    case '-':
      return { do: 'zoomOut' };
    case '0':
      return { do: 'zoomReset' };
    case 'w':
    case 'q':
      return { do: 'closeWindow' };
    default:
      return null;
  }
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
