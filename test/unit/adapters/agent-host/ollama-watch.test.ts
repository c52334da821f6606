import { describe, expect, it } from 'vitest';
import { watchOllama } from '../../../../electron/adapters/agent-host/ollama-watch.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

/** A port of Ollama: whether it accepts, and how to close the connection to it. */
function world() {
  const clock = createFakeClock();
  let accepts = true;
  let tries = 0;
  let close = () => {};
  const watch = watchOllama({
    clock,
    url: 'http://127.0.0.1:11434',
    hold: (_url, signal, onOpen) =>
      new Promise((resolve, reject) => {
        tries += 1;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (!accepts) {
          reject(new Error('refused'));
          return;
        }
        close = resolve;
        onOpen?.();
      }),
  });
  return {
    clock,
    watch,
    tries: () => tries,
    async close() {
      close();
      await clock.flush();
    },
    async end() {
      accepts = false;
      close();
      await clock.flush();
      await clock.advance(1);
    },
    async start() {
      accepts = true;
      await clock.advance(1000);
    },
  };
}

describe('the watch of Ollama', () => {
  it('counts a restart, and says that there is news before and after', async () => {
    const { watch, clock, end, start } = world();
    await clock.flush();
    expect([watch.restarts(), watch.changed()]).toEqual([0, true]);
    watch.read(true);
    expect(watch.changed()).toBe(false);
    await end();
    expect([watch.restarts(), watch.changed()]).toEqual([0, true]);
    watch.read(true);
    await start();
    expect([watch.restarts(), watch.changed()]).toEqual([1, true]);
    watch.close();
  });

  it('does not take a connection that was only closed for a restart', async () => {
    const { watch, clock, close, tries } = world();
    await clock.flush();
    watch.read(true);
    await close();
    await clock.advance(1);
    expect([watch.restarts(), watch.changed(), tries()]).toEqual([0, false, 2]);
    watch.close();
  });

  it('has news until it is known what a new process found, for a minute', async () => {
    const { watch, clock, end, start } = world();
    await clock.flush();
    watch.read(true);
    await end();
    await start();
    watch.read(false);
    expect(watch.changed()).toBe(false);
    await clock.advance(2000);
    expect(watch.changed()).toBe(true);
    watch.read(true);
    await clock.advance(2000);
    expect(watch.changed()).toBe(false);
    watch.read(false);
    await clock.advance(60_000);
    expect(watch.changed()).toBe(false);
    watch.close();
  });

  it('ends with its source, and tries nothing more', async () => {
    const { watch, clock, tries } = world();
    await clock.flush();
    watch.close();
    await clock.advance(60_000);
    expect([tries(), clock.pending()]).toEqual([1, 0]);
  });
});
