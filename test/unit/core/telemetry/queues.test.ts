import { expect, it } from 'vitest';
import { createQueueMeter } from '../../../../electron/core/telemetry/queues.ts';
import type { QueueSample } from '../../../../shared/models/requests.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function createMeter() {
  const clock = createFakeClock();
  const sent: QueueSample[] = [];
  return { clock, sent, meter: createQueueMeter({ clock, onSample: (sample) => sent.push(sample) }) };
}

const counts = (samples: readonly QueueSample[]) =>
  samples.map(({ waiting }) => [waiting.indexing, waiting.requests]);

it('samples once a second while anything waits, and falls silent after a few zeros', async () => {
  const { clock, sent, meter } = createMeter();
  await clock.advance(10_000);
  expect(sent).toEqual([]);
  meter.set('indexing', 2);
  await clock.advance(1000);
  meter.set('requests', 5);
  meter.set('indexing', 0);
  await clock.advance(1000);
  meter.set('requests', 0);
  await clock.advance(60_000);
  expect(counts(sent)).toEqual([
    [2, 0],
    [2, 0],
    [2, 5],
    [0, 5],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(clock.pending()).toBe(0);
});

it('shows what waited for less than a second', async () => {
  const { clock, sent, meter } = createMeter();
  meter.set('requests', 1);
  meter.set('requests', 9);
  meter.set('requests', 0);
  await clock.advance(1000);
  expect(counts(sent)).toEqual([
    [0, 1],
    [0, 9],
  ]);
});

it('has the last hour, with a zero where a queue begins after a silence', async () => {
  const { clock, meter } = createMeter();
  meter.set('requests', 1);
  meter.set('requests', 0);
  await clock.advance(3_590_000);
  meter.set('requests', 3);
  const [before, ...later] = meter.samples().slice(-2);
  expect([before?.waiting.requests, later[0]?.waiting.requests]).toEqual([0, 3]);
  await clock.advance(20_000);
  meter.stop();
  expect(meter.samples().every(({ at }) => at >= clock.now() - 3_600_000)).toBe(true);
  expect(clock.pending()).toBe(0);
});
