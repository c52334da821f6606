import { describe, expect, it } from 'vitest';
import { EMBED, failure, GIB, gpu, LARGE, MIDDLE, SMALL, schedulerOnFakeClock } from './support.ts';

describe('loading', () => {
  it('takes the base time plus the bytes at the speed of the disk', async () => {
    const { ask, clock, scheduler } = schedulerOnFakeClock({
      speeds: { loadBaseMs: 300, loadBytesPerSecond: 2 * GIB },
    });
    const loading = ask(SMALL);
    await clock.advance(1299);
    expect(scheduler.runners()[0]?.state).toBe('loading');
    await clock.advance(2);
    expect((await loading).waitedMs).toBeCloseTo(1300, -1);
  });

  it('hides a loading model from ps since 0.30, and shows it before', async () => {
    const modern = schedulerOnFakeClock({ profile: '0.33' });
    void modern.ask(SMALL);
    await modern.clock.advance(10);
    expect(modern.names()).toEqual([]);

    const older = schedulerOnFakeClock({ profile: '0.24' });
    void older.ask(SMALL);
    await older.clock.advance(10);
    expect(older.names()).toEqual(['small:latest']);
  });

  it('loads one model at a time, while requests for a loaded one pass by', async () => {
    const { ask, clock, load, scheduler } = schedulerOnFakeClock();
    await load(SMALL);
    const order: string[] = [];
    void ask(MIDDLE).then(() => order.push('middle'));
    void ask(EMBED).then(() => order.push('embed'));
    await clock.advance(100);
    void ask(SMALL).then(() => order.push('small'));
    await clock.flush();
    expect(order).toEqual(['small']);
    expect(scheduler.runners().filter((runner) => runner.state === 'loading')).toHaveLength(1);
    await clock.advance(10_000);
    expect(order).toEqual(['small', 'middle', 'embed']);
  });

  it('counts queueing in the wait of the second model', async () => {
    const { ask, clock } = schedulerOnFakeClock();
    const first = ask(MIDDLE);
    const second = ask(EMBED);
    await clock.advance(20_000);
    expect((await second).waitedMs).toBeGreaterThan((await first).waitedMs);
  });

  it('gives up the load when its client goes, with 499, and goes on with the next', async () => {
    const { ask, clock, names } = schedulerOnFakeClock();
    const client = new AbortController();
    const abandoned = ask(MIDDLE, { signal: client.signal });
    const next = ask(SMALL);
    await clock.advance(200);
    client.abort();
    expect(await failure(abandoned)).toEqual({ status: 499, message: 'request canceled' });
    await clock.advance(5000);
    await next;
    expect(names()).toEqual(['small:latest']);
  });

  it('skips a waiting request whose client has gone', async () => {
    const { ask, clock, names } = schedulerOnFakeClock();
    const client = new AbortController();
    void ask(SMALL);
    const waiting = ask(MIDDLE, { signal: client.signal });
    await clock.advance(10);
    client.abort();
    expect((await failure(waiting)).status).toBe(499);
    await clock.advance(20_000);
    expect(names()).toEqual(['small:latest']);
  });

  it('answers 503 beyond OLLAMA_MAX_QUEUE, abandoned requests counted', async () => {
    const { ask, clock, scheduler } = schedulerOnFakeClock({ environment: { maxQueue: 2 } });
    const client = new AbortController();
    void ask(LARGE);
    ask(SMALL, { signal: client.signal }).catch(() => {});
    void ask(MIDDLE);
    await clock.flush();
    expect(scheduler.queued()).toBe(2);
    client.abort();
    expect(await failure(ask(EMBED))).toEqual({
      status: 503,
      message: 'server busy, please try again.  maximum pending requests exceeded',
    });
  });

  it('serves a loaded model while the queue is full', async () => {
    const { ask, load } = schedulerOnFakeClock({ environment: { maxQueue: 0 } });
    const blocked = schedulerOnFakeClock({ environment: { maxQueue: 1 } });
    await blocked.load(SMALL);
    void blocked.ask(MIDDLE);
    void blocked.ask(EMBED);
    expect((await failure(blocked.ask(LARGE))).status).toBe(503);
    expect((await blocked.ask(SMALL)).waitedMs).toBe(0);
    expect((await failure(load(SMALL))).status).toBe(503);
    expect((await failure(ask(SMALL))).status).toBe(503);
  });

  it('ends a load without progress at OLLAMA_LOAD_TIMEOUT', async () => {
    const { ask, clock, faults, scheduler } = schedulerOnFakeClock();
    faults.set('stalled-load', true);
    const loading = failure(ask(SMALL));
    await clock.advance(5 * 60_000 - 1);
    expect(scheduler.runners()).toHaveLength(1);
    await clock.advance(2);
    expect(await loading).toEqual({ status: 500, message: 'timed out waiting for llama-server to start' });
    expect(scheduler.runners()).toHaveLength(0);
  });

  it('takes twenty times as long under the slow-load fault', async () => {
    const { faults, load } = schedulerOnFakeClock();
    const usual = (await load(SMALL, { keepAliveMs: 0 })).runner.loadMs;
    faults.set('slow-load', true);
    const slow = (await load(MIDDLE)).runner.loadMs;
    expect(slow).toBeGreaterThan(20 * usual);
  });
});

describe('the wedge', () => {
  it('hangs every load while ps and loaded models look healthy', async () => {
    const { ask, clock, faults, load, names } = schedulerOnFakeClock();
    await load(SMALL);
    faults.set('wedge', true);
    let settled = false;
    const hanging = ask(MIDDLE).finally(() => {
      settled = true;
    });
    await clock.advance(60_000);
    expect(settled).toBe(false);
    expect(names()).toEqual(['small:latest']);
    expect((await ask(SMALL)).waitedMs).toBe(0);
    faults.set('wedge', false);
    await clock.advance(10_000);
    expect((await hanging).runner.model.name).toBe('middle:latest');
  });

  it('ends with a restart of the server', async () => {
    const { ask, clock, faults, scheduler, load } = schedulerOnFakeClock();
    faults.set('wedge', true);
    const client = new AbortController();
    ask(SMALL, { signal: client.signal }).catch(() => {});
    await clock.flush();
    client.abort();
    scheduler.stop();
    faults.set('wedge', false);
    scheduler.start(true);
    expect((await load(SMALL)).runner.state).toBe('ready');
  });
});

describe('the default context', () => {
  it.each([
    [12, 4096],
    [24, 32_768],
    [48, 262_144],
  ])('of a machine with %i GiB of VRAM is %i', (gibibytes, context) => {
    expect(schedulerOnFakeClock({ gpus: [gpu(gibibytes)] }).scheduler.defaultContext()).toBe(context);
  });

  it('counts the VRAM of all GPUs together', () => {
    expect(schedulerOnFakeClock({ gpus: [gpu(12), gpu(12, 'GPU-1')] }).scheduler.defaultContext()).toBe(
      32_768,
    );
  });

  it('is what OLLAMA_CONTEXT_LENGTH says when it is set', () => {
    const { scheduler } = schedulerOnFakeClock({ environment: { contextLength: 2048 } });
    expect(scheduler.defaultContext()).toBe(2048);
  });
});
