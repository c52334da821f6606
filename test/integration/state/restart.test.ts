import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

/** A simulated machine that serves from the start. */
const machine = 'nas';

/** Resolves when the machine was sampled so often. */
function sampled({ core }: Host, times: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    const subscription = core.streams.telemetry.subscribe(null, (frame) => {
      if (frame.set.some(([nodeId]) => nodeId === machine)) seen += 1;
      if (seen < times) return true;
      subscription.end();
      resolve();
      return true;
    });
  });
}

it('a core that was stopped and started has its history, once, and continues it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-restart-'));
  const log = createRememberingLog();
  const start = () =>
    startHost({
      dataFolder: join(folder, 'data'),
      simulate: true,
      environment: { OLLAMA_HOST: '127.0.0.1:1' },
      panelRoot: null,
      checkResults: true,
      log,
    });
  const sum = ({ core }: Host) => {
    const buckets = core.services.telemetry.buckets(machine, 'month', 2880);
    return {
      vectors: buckets.reduce((total, bucket) => total + bucket.vectors, 0),
      served: buckets.reduce((total, bucket) => total + bucket.servingSeconds, 0),
    };
  };

  const first = await start();
  await sampled(first, 2);
  // No sample is taken from here on: what is read now is what the first one knows at its end.
  await first.core.pause();
  first.core.services.telemetry.recordVectors(machine, 40);
  const before = sum(first);
  expect(before.vectors).toBe(40);
  expect(before.served).toBeGreaterThan(0);
  await first.stop();

  const second = await start();
  const kept = sum(second);
  expect(kept.vectors).toBe(40);
  expect(kept.served).toBeGreaterThanOrEqual(before.served);
  await sampled(second, 2);
  second.core.services.telemetry.recordVectors(machine, 2);
  const after = sum(second);
  expect(after.vectors).toBe(42);
  expect(after.served).toBeGreaterThan(kept.served);
  await second.stop();
  expect(log.lines.filter((line) => line.level === 'error')).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
