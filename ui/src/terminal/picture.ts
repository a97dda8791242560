/** The last picture of a terminal: one JSON line with its size, then escape sequences. */
import type { GridSize } from '../bindings';

export interface Picture extends GridSize {
  bytes: Uint8Array;
}

export function readPicture(data: Uint8Array): Picture | null {
  const end = data.indexOf(0x0a);
  if (end < 0) return null;
  try {
    const size = JSON.parse(new TextDecoder().decode(data.subarray(0, end))) as Partial<GridSize>;
    const { cols, rows } = size;
    if (!Number.isInteger(cols) || !Number.isInteger(rows)) return null;
    if (!cols || !rows || cols < 1 || rows < 1 || cols > 1000 || rows > 500) return null;
    return { cols, rows, bytes: data.subarray(end + 1) };
  } catch {
    return null;
  }
}
