import { describe, expect, it } from 'vitest';

import { decodeFrames, FrameError, MAX_FRAME_BYTES } from './frames';

function frame(type: number, payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  const out = new Uint8Array(5 + bytes.length);
  new DataView(out.buffer).setUint32(0, bytes.length + 1);
  out[4] = type;
  out.set(bytes, 5);
  return out;
}

function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

describe('decodeFrames', () => {
  it('reads a snapshot and the output that follows it, from one message', () => {
    const offset = new Uint8Array(10);
    new DataView(offset.buffer).setBigUint64(0, 4_294_967_300n);
    offset.set([0xff, 0x1b], 8);
    const start =
      '{"offset":4294967300,"cols":80,"rows":24,"first_line":12,"bytes":3,"reason":"attach"}';
    expect(
      decodeFrames(
        join(frame(0x82, start), frame(0x83, 'abc'), frame(0x84, ''), frame(0x85, offset)),
      ),
    ).toEqual([
      {
        type: 'snapshotStart',
        offset: 4_294_967_300,
        cols: 80,
        rows: 24,
        firstLine: 12,
        bytes: 3,
        reason: 'attach',
        scrollback: 10_000,
      },
      { type: 'snapshotBytes', bytes: new Uint8Array([0x61, 0x62, 0x63]) },
      { type: 'snapshotEnd' },
      // Bytes stay bytes: neither of these two is UTF-8 text.
      { type: 'output', offset: 4_294_967_300, bytes: new Uint8Array([0xff, 0x1b]) },
    ]);
  });

  it('reads how many lines of scrollback the host keeps', () => {
    const start =
      '{"offset":0,"cols":80,"rows":24,"first_line":0,"bytes":0,"scrollback":25000,"reason":"attach"}';
    expect(decodeFrames(frame(0x82, start))).toMatchObject([{ scrollback: 25_000 }]);
  });

  it('reads a message that starts inside a larger buffer', () => {
    const bytes = join(new Uint8Array(7), frame(0x8a, '{"code":137,"signal":9}'));
    expect(decodeFrames(bytes.subarray(7))).toEqual([{ type: 'ended', code: 137, signal: 9 }]);
  });

  it('reads the name of the client that limits the size, or none', () => {
    const body = '"cols":20,"rows":5,"offset":0';
    expect(
      decodeFrames(
        join(
          frame(0x86, `{${body},"limited_by":"tmux"}`),
          frame(0x86, `{${body},"limited_by":null}`),
        ),
      ),
    ).toMatchObject([{ limitedBy: 'tmux' }, { limitedBy: null }]);
  });

  it('reads a repaint with its place, its size and its bytes', () => {
    const payload = new Uint8Array(23);
    const view = new DataView(payload.buffer);
    view.setBigUint64(0, 4_294_967_300n);
    view.setBigUint64(8, 77n);
    view.setUint16(16, 300);
    view.setUint16(18, 24);
    payload.set([0x1b, 0x5b, 0xff], 20);
    expect(decodeFrames(frame(0x8c, payload))).toEqual([
      {
        type: 'repaint',
        offset: 4_294_967_300,
        firstLine: 77,
        cols: 300,
        rows: 24,
        bytes: new Uint8Array([0x1b, 0x5b, 0xff]),
      },
    ]);
  });

  it('leaves out frames of an unknown type', () => {
    expect(decodeFrames(join(frame(0xee, 'x'), frame(0x84, '')))).toEqual([
      { type: 'snapshotEnd' },
    ]);
  });

  it.each([
    ['cut in the length', new Uint8Array([0, 0])],
    ['cut in the payload', frame(0x83, 'abc').subarray(0, 6)],
    ['of no length', new Uint8Array([0, 0, 0, 0, 0x84])],
    ['too long', new Uint8Array([0xff, 0, 0, 0, 0x83, 1])],
    ['without JSON', frame(0x82, 'nonsense')],
    ['with JSON that is no object', frame(0x81, '[1]')],
    ['with a field missing', frame(0x82, '{"offset":1}')],
    ['with an output that has no offset', frame(0x85, 'abc')],
    ['with lines whose parts do not fit together', frame(0x8d, 'abc')],
    ['with a repaint that has no size', frame(0x8c, new Uint8Array(19))],
    ['that is not UTF-8', frame(0x81, new Uint8Array([0x22, 0xff, 0x22]))],
  ])('refuses a frame %s', (_what, bytes) => {
    expect(() => decodeFrames(bytes)).toThrow(FrameError);
  });

  it('takes a frame of exactly the largest size', () => {
    const bytes = frame(0x83, new Uint8Array(MAX_FRAME_BYTES - 1));
    expect(decodeFrames(bytes)).toHaveLength(1);
  });
});
