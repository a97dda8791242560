/**
 * Pieces of a stream, cut so that no character is in two of them. xterm.js 6.0 loses a character
 * whose bytes come in two writes when the first ends in a byte of value 0x80 (、 and many emoji).
 */
export class WholeCharacters {
  #kept = new Uint8Array(0);

  /** The bytes to write now: those kept before, and `piece` without the start of a character. */
  next(piece: Uint8Array): Uint8Array {
    let bytes = piece;
    if (this.#kept.length > 0) {
      bytes = new Uint8Array(this.#kept.length + piece.length);
      bytes.set(this.#kept);
      bytes.set(piece, this.#kept.length);
    }
    const whole = bytes.length - unfinished(bytes);
    this.#kept = bytes.slice(whole);
    return bytes.subarray(0, whole);
  }

  /** Forgets what was kept: the stream begins anew. */
  reset(): void {
    this.#kept = new Uint8Array(0);
  }
}

/** How many bytes at the end are the start of a character. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
