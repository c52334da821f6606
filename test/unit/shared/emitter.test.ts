import { afterEach, describe, expect, it } from 'vitest';
import { createEmitter } from '../../../shared/emitter.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function setup() {
  const reports: { message: string; error: unknown }[] = [];
  const emitter = createEmitter<[number]>({
    name: 'test',
    log: { error: (message, { error }) => reports.push({ message, error }) },
  });
  const heard: string[] = [];
  const hear = (name: string) => (value: number) => void heard.push(`${name} ${value}`);
  return { emitter, reports, heard, hear };
}

describe('an emitter', () => {
  it.each(['first', 'middle', 'last'])('calls the others when the %s listener throws', (place) => {
    const { emitter, reports, heard, hear } = setup();
    const throwing = () => {
      throw new Error('defect');
    };
    if (place === 'first') emitter.on(throwing);
    emitter.on(hear('a'));
    if (place === 'middle') emitter.on(throwing);
    emitter.on(hear('b'));
    if (place === 'last') emitter.on(throwing);
    expect(() => emitter.emit(1)).not.toThrow();
    emitter.emit(2);
    expect(heard).toEqual(['a 1', 'b 1', 'a 2', 'b 2']);
    expect(reports.map(({ message }) => message)).toEqual([
      'A listener of the test failed.',
      'A listener of the test failed.',
    ]);
    expect(reports[0]?.error).toContain('defect');
  });

  it('reports what an asynchronous listener rejects with', async () => {
    const { emitter, reports, heard, hear } = setup();
    emitter.on(async () => {
      await turn();
      throw new Error('later');
    });
    emitter.on(hear('a'));
    emitter.emit(1);
    expect(heard).toEqual(['a 1']);
    await turn();
    await turn();
    expect(reports).toHaveLength(1);
    expect(reports[0]?.error).toContain('later');
  });

  it('does not call a listener that another one removed meanwhile', () => {
    const { emitter, heard, hear } = setup();
    const stop: (() => void)[] = [];
    emitter.on((value) => {
      heard.push(`remover ${value}`);
      for (const one of stop) one();
    });
    stop.push(emitter.on(hear('a')));
    emitter.on(hear('b'));
    emitter.emit(1);
    expect(heard).toEqual(['remover 1', 'b 1']);
    expect(emitter.size).toBe(2);
  });

  it('lets a listener remove itself', () => {
    const { emitter, heard, hear } = setup();
    const stop = emitter.on((value) => {
      stop();
      heard.push(`once ${value}`);
    });
    emitter.on(hear('a'));
    emitter.emit(1);
    emitter.emit(2);
    expect(heard).toEqual(['once 1', 'a 1', 'a 2']);
  });

  it('gives a listener that was added meanwhile the next event', () => {
    const { emitter, heard, hear } = setup();
    const stop = emitter.on(() => {
      stop();
      emitter.on(hear('late'));
    });
    emitter.emit(1);
    expect(heard).toEqual([]);
    emitter.emit(2);
    expect(heard).toEqual(['late 2']);
  });

  it('gives everybody events in the order in which they happened', () => {
    const { emitter, heard, hear } = setup();
    emitter.on((value) => {
      heard.push(`first ${value}`);
      if (value < 3) emitter.emit(value + 1);
    });
    emitter.on(hear('second'));
    emitter.emit(1);
    expect(heard).toEqual(['first 1', 'second 1', 'first 2', 'second 2', 'first 3', 'second 3']);
  });

  it('works on after a listener that caused an event and then threw', () => {
    const { emitter, reports, heard, hear } = setup();
    emitter.on((value) => {
      if (value > 1) return;
      emitter.emit(2);
      throw new Error('defect');
    });
    emitter.on(hear('a'));
    emitter.emit(1);
    emitter.emit(3);
    expect(heard).toEqual(['a 1', 'a 2', 'a 3']);
    expect(reports).toHaveLength(1);
  });

  it('calls a listener that was added twice twice, until each is removed', () => {
    const { emitter, heard, hear } = setup();
    const listener = hear('a');
    const first = emitter.on(listener);
    const second = emitter.on(listener);
    emitter.emit(1);
    first();
    first();
    emitter.emit(2);
    second();
    emitter.emit(3);
    expect(heard).toEqual(['a 1', 'a 1', 'a 2']);
  });

  describe('without a log that works', () => {
    const caught: unknown[] = [];
    const keep = (error: unknown) => caught.push(error);
    /** Vitest counts an uncaught error as its own: its listeners are set aside for the time of one test. */
    const vitestListeners = process.listeners('uncaughtException');

    afterEach(() => {
      process.off('uncaughtException', keep);
      for (const listener of vitestListeners) process.on('uncaughtException', listener);
      caught.length = 0;
    });

    it.each([
      ['there is none', undefined],
      [
        'it throws',
        {
          error() {
            throw new Error('The disk is full.');
          },
        },
      ],
    ])('a failure reaches the process, and the others are called: %s', async (_name, log) => {
      process.removeAllListeners('uncaughtException');
      process.on('uncaughtException', keep);
      const emitter = createEmitter<[]>({ name: 'test', log });
      const defect = new Error('defect');
      let heard = 0;
      emitter.on(() => {
        throw defect;
      });
      emitter.on(() => {
        heard += 1;
      });
      emitter.emit();
      expect(heard).toBe(1);
      await turn();
      expect(caught).toEqual([defect]);
    });
  });
});
