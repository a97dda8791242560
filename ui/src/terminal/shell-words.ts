/** File names as words of a shell's command line. */

/** What no shell gives a meaning to. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * A path as one word: in single quotes where it needs any. A path with control characters, which
 * a paste would lose, is written with their numbers (`$'…'`, as bash, zsh and ksh read it).
 */
export function shellWord(path: string): string {
  if (PLAIN.test(path)) return path;
  // eslint-disable-next-line no-control-regex -- exactly these cannot be pasted
  if (/[\x00-\x1f\x7f-\x9f]/.test(path)) {
    const written = [...new TextEncoder().encode(path)].map((byte) => {
      if (byte < 0x20 || byte > 0x7e) return `\\x${byte.toString(16).padStart(2, '0')}`;
      const character = String.fromCharCode(byte);
      return character === "'" || character === '\\' ? `\\${character}` : character;
    });
    return `$'${written.join('')}'`;
  }
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/** Several paths, each a word of its own, and a space for what is typed next. */
export function shellWords(paths: readonly string[]): string {
  return paths.map((path) => `${shellWord(path)} `).join('');
}
