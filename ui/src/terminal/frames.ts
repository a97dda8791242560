/**
 * The frames of the session protocol as the window receives them: each message of the channel
 * is one or more whole frames, `u32 BE length · u8 type · payload`, the length counting type and
 * payload.
 */

import { type LineCells, readLineCells } from './line-cells';
import { SCROLLBACK_LINES } from './xterm-options';

/** A frame longer than this is refused. */
export const MAX_FRAME_BYTES = 1024 * 1024;

export type SnapshotReason = 'attach' | 'behind' | 'resize';

/** What the host took out of the stream, once, for all viewers. */
export type ScreenEvent =
  | { event: 'bell' }
  | { event: 'title'; title: string }
  | { event: 'clipboard'; selection: string; text: string }
  | { event: string; [field: string]: unknown };

export type HostFrame =
  | { type: 'status'; status: Record<string, unknown> }
  | {
      type: 'snapshotStart';
      offset: number;
      cols: number;
      rows: number;
      firstLine: number;
      bytes: number;
      reason: SnapshotReason;
      /** How many lines of scrollback the host keeps. */
      scrollback: number;
    }
  | { type: 'snapshotBytes'; bytes: Uint8Array }
  | { type: 'snapshotLines'; cells: LineCells }
  | { type: 'snapshotEnd' }
  | { type: 'output'; offset: number; bytes: Uint8Array }
  | {
      type: 'repaint';
      offset: number;
      firstLine: number;
      cols: number;
      rows: number;
      bytes: Uint8Array;
    }
  | { type: 'resized'; cols: number; rows: number; offset: number; limitedBy: string | null }
  | { type: 'event'; event: ScreenEvent }
  | { type: 'pong'; bytes: Uint8Array }
  | { type: 'refused'; code: string; message: string }
  | { type: 'ended'; code: number; signal: number | null };

/** Bytes that are not frames of this protocol. */
export class FrameError extends Error {}

const text = new TextDecoder('utf-8', { fatal: true });

function object(payload: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.decode(payload));
  } catch {
    throw new FrameError('a frame that should hold JSON does not');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FrameError('a frame that should hold a JSON object does not');
  }
  return value as Record<string, unknown>;
}

function number(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new FrameError(`a frame without the number ${name}`);
  }
  return value;
}

function string(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new FrameError(`a frame without the text ${name}`);
  return value;
}

function frame(type: number, payload: Uint8Array): HostFrame | null {
  switch (type) {
    case 0x81:
      return { type: 'status', status: object(payload) };
    case 0x82: {
      const fields = object(payload);
      return {
        type: 'snapshotStart',
        offset: number(fields, 'offset'),
        cols: number(fields, 'cols'),
        rows: number(fields, 'rows'),
        firstLine: number(fields, 'first_line'),
        bytes: number(fields, 'bytes'),
        reason: string(fields, 'reason') as SnapshotReason,
        // Hosts that do not say so keep the ordinary number.
        scrollback:
          'scrollback' in fields ? Math.max(0, number(fields, 'scrollback')) : SCROLLBACK_LINES,
      };
    }
    case 0x83:
      return { type: 'snapshotBytes', bytes: payload };
    case 0x84:
      return { type: 'snapshotEnd' };
    case 0x85: {
      if (payload.length < 8) throw new FrameError('an output frame without its offset');
      const view = new DataView(payload.buffer, payload.byteOffset, 8);
      return {
        type: 'output',
        offset: Number(view.getBigUint64(0)),
        bytes: payload.subarray(8),
      };
    }
    case 0x86: {
      const fields = object(payload);
      const limitedBy = fields['limited_by'];
      return {
        type: 'resized',
        cols: number(fields, 'cols'),
        rows: number(fields, 'rows'),
        offset: number(fields, 'offset'),
        limitedBy: typeof limitedBy === 'string' ? limitedBy : null,
      };
    }
    case 0x87: {
      const fields = object(payload);
      return { type: 'event', event: { ...fields, event: string(fields, 'event') } };
    }
    case 0x88:
      return { type: 'pong', bytes: payload };
    case 0x89: {
      const fields = object(payload);
      return { type: 'refused', code: string(fields, 'code'), message: string(fields, 'message') };
    }
    case 0x8a: {
      const fields = object(payload);
      const signal = fields['signal'];
      return {
        type: 'ended',
        code: number(fields, 'code'),
        signal: typeof signal === 'number' ? signal : null,
      };
    }
    case 0x8c: {
      if (payload.length < 20) throw new FrameError('a repaint without its place and size');
      const view = new DataView(payload.buffer, payload.byteOffset, 20);
      return {
        type: 'repaint',
        offset: Number(view.getBigUint64(0)),
        firstLine: Number(view.getBigUint64(8)),
        cols: view.getUint16(16),
        rows: view.getUint16(18),
        bytes: payload.subarray(20),
      };
    }
    case 0x8d: {
      const cells = readLineCells(payload);
      if (!cells) throw new FrameError('lines of a snapshot whose parts do not fit together');
      return { type: 'snapshotLines', cells };
    }
    default:
      // A newer host may say more than this window knows.
      return null;
  }
}

/** Reads all frames of one message. Frames of an unknown type are left out. */
export function decodeFrames(message: Uint8Array): HostFrame[] {
  const frames: HostFrame[] = [];
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  while (at < message.length) {
    if (message.length - at < 5) throw new FrameError('a message ends inside a frame');
    const length = view.getUint32(at);
    if (length < 1 || length > MAX_FRAME_BYTES) {
      throw new FrameError(`a frame of ${String(length)} bytes`);
    }
    if (message.length - at - 4 < length) throw new FrameError('a message ends inside a frame');
    const decoded = frame(view.getUint8(at + 4), message.subarray(at + 5, at + 4 + length));
    if (decoded) frames.push(decoded);
    at += 4 + length;
  }
  return frames;
}
