/** Where the milestones panel stands: a column beside the terminal, or over it. */

export const PANEL_MIN = 272;
export const PANEL_MAX = 420;
export const PANEL_WIDTH = 304;
/** Narrower windows have no room for a third column. */
export const COLUMN_FROM = 1120;
/** What the terminal keeps beside the column. */
export const KEEP_COLS = 80;

export interface Room {
  windowWidth: number;
  /** The sidebar or its rail. */
  sidebarWidth: number;
  /** One cell of the terminal; 0 while it is not known. */
  cellWidth: number;
  /** Padding and scroll bar beside the terminal's cells. */
  terminalPadding: number;
  /** The width that the person chose. */
  wanted: number;
}

/** The panel's width as a column, or null where it has to open over the terminal. */
export function columnWidth(room: Room): number | null {
  if (room.windowWidth < COLUMN_FROM) return null;
  const wanted = clampPanel(room.wanted);
  if (room.cellWidth <= 0) return wanted;
  const terminal = Math.ceil(KEEP_COLS * room.cellWidth) + room.terminalPadding;
  const left = Math.floor(room.windowWidth - room.sidebarWidth - terminal);
  // A wide panel gives way first; below its smallest width it is no column any more.
  return left >= PANEL_MIN ? Math.min(wanted, left) : null;
}

export function clampPanel(width: number): number {
  if (!Number.isFinite(width)) return PANEL_WIDTH;
  return Math.min(PANEL_MAX, Math.max(PANEL_MIN, Math.round(width)));
}
