import { describe, expect, it } from 'vitest';

import { InputQueue, MAX_INPUT_BYTES } from './input';

/** A receiver whose answers the test gives one by one. */
function receiver() {
  const got: Uint8Array[] = [];
  const answers: { done: () => void; fail: (error: Error) => void }[] = [];
  const send = (bytes: Uint8Array) => {
    got.push(bytes);
    return new Promise<void>((done, fail) => answers.push({ done, fail }));
  };
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { got, answers, send, settle, texts: () => got.map((b) => new TextDecoder().decode(b)) };
}

const neverLost = () => {
  throw new Error('nothing should be lost here');
};

describe('InputQueue', () => {
  it('has one request under way and sends what came meanwhile together, in order', async () => {
    const { answers, send, settle, texts } = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(send);
    queue.text('a');
    queue.text('ç');
    queue.text('b');
    expect(texts()).toEqual(['a']);
    answers[0]?.done();
    await settle();
    expect(texts()).toEqual(['a', 'çb']);
  });

  it('keeps what is typed before the terminal is attached', async () => {
    const { send, settle, texts } = receiver();
    const queue = new InputQueue(neverLost);
    queue.text('before');
    queue.connect(send);
    await settle();
    expect(texts()).toEqual(['before']);
  });

  it('sends mouse reports of the old encodings byte for byte', () => {
    const { got, send } = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(send);
    queue.binary('\x1b[M \xff\x80');
    expect(got[0]).toEqual(new Uint8Array([0x1b, 0x5b, 0x4d, 0x20, 0xff, 0x80]));
  });

  it('cuts a large paste and loses nothing of it', async () => {
    const { got, answers, send, settle } = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(send);
    const paste = new Uint8Array(2 * MAX_INPUT_BYTES + 7).map((_, at) => at % 251);
    queue.bytes(paste);
    for (let turn = 0; turn < 3; turn += 1) {
      answers[turn]?.done();
      await settle();
    }
    expect(got.every((bytes) => bytes.length <= MAX_INPUT_BYTES)).toBe(true);
    expect(got.flatMap((bytes) => [...bytes])).toEqual([...paste]);
  });

  it('keeps what is typed while it connects anew', async () => {
    const first = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(first.send);
    queue.hold();
    queue.text('meanwhile');
    const second = receiver();
    queue.connect(second.send);
    await second.settle();
    expect([first.texts(), second.texts()]).toEqual([[], ['meanwhile']]);
  });

  it('says when input was lost, and does not give the rest to the next program', async () => {
    const first = receiver();
    const lost: number[] = [];
    const queue = new InputQueue((_error, bytes) => lost.push(bytes));
    queue.connect(first.send);
    queue.text('abc');
    queue.text('rest');
    first.answers[0]?.fail(new Error('gone'));
    await first.settle();
    expect(lost).toEqual([3]);
    queue.text('typed at what is left of it');
    const second = receiver();
    queue.connect(second.send);
    await second.settle();
    expect(second.got).toEqual([]);
  });

  it('keeps the place of a paste, whatever is typed before the clipboard answers', async () => {
    const { answers, send, settle, texts } = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(send);
    queue.text('before');
    const first = queue.keepPlace();
    queue.text('between');
    const second = queue.keepPlace();
    queue.text('\r');
    answers[0]?.done();
    await settle();
    expect(texts()).toEqual(['before']);
    second.fill(() => queue.text('second'));
    await settle();
    expect(texts()).toEqual(['before']);
    first.fill(() => {
      queue.text('fi');
      queue.text('rst');
    });
    await settle();
    expect(texts()).toEqual(['before', 'firstbetweensecond\r']);
  });

  it('sends what was typed after a paste of nothing, and not after one that does not come', async () => {
    const { answers, send, settle, texts } = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(send);
    const empty = queue.keepPlace();
    queue.text('a');
    const refused = queue.keepPlace();
    queue.text('\r');
    empty.release();
    expect(texts()).toEqual(['a']);
    refused.fill(() => undefined);
    queue.text('b');
    answers[0]?.done();
    await settle();
    expect(texts()).toEqual(['a', 'b']);
  });

  it('takes keys as ever when a paste fails', async () => {
    const { send, settle, texts } = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(send);
    const place = queue.keepPlace();
    queue.text('after it');
    const fail = () => {
      throw new Error('no paste');
    };
    expect(() => place.fill(fail)).toThrow('no paste');
    queue.text('next');
    await settle();
    expect(texts()).toEqual(['next']);
  });

  it('gives a late paste to nobody when the program is gone', async () => {
    const { send, settle, texts } = receiver();
    const queue = new InputQueue(neverLost);
    queue.connect(send);
    const place = queue.keepPlace();
    queue.text('typed after');
    queue.disconnect();
    queue.connect(send);
    place.fill(() => queue.text('for the other program'));
    await settle();
    expect(texts()).toEqual([]);
  });
});
