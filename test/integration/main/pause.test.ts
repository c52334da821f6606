import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../../contract/links.ts';

describe('a core whose computer sleeps', () => {
  let test: TestHost;

  beforeEach(async () => {
    test = await startTestHost();
  });

  afterEach(() => test.stop());

  it('stops probes, moves and samples, and resumes them all', async () => {
    const { core } = test.host;
    const { fleet, optimizer, telemetry } = core.services;
    const asked: string[] = [];
    const sampling = { pause: telemetry.pause, resume: telemetry.resume };
    telemetry.pause = () => {
      asked.push('samples stop');
      return sampling.pause();
    };
    telemetry.resume = () => {
      asked.push('samples start');
      sampling.resume();
    };
    const resume = fleet.resume;
    const resumed = new Promise<void>((done) => {
      fleet.resume = () => {
        asked.push('probes start');
        resume();
        queueMicrotask(done);
      };
    });
    expect(optimizer.status().nextLookAt).not.toBeNull();

    await Promise.all([core.pause(), core.pause()]);
    expect(optimizer.status().nextLookAt).toBeNull();
    expect(asked).toEqual(['samples stop']);
    // A setting that is changed meanwhile starts nothing.
    core.services.settings.update({ optimizer: { intervalMs: 60_000 } });
    expect(optimizer.status().nextLookAt).toBeNull();

    core.resume();
    core.resume();
    await resumed;
    expect(asked).toEqual(['samples stop', 'probes start', 'samples start']);
    expect(optimizer.status().nextLookAt).not.toBeNull();
  });

  it('can be stopped while it is paused', async () => {
    const { core } = test.host;
    await core.pause();
    let resumed = false;
    core.services.fleet.resume = () => {
      resumed = true;
    };
    const stopped = test.host.stop();
    core.resume();
    await core.pause();
    await stopped;
    expect(resumed).toBe(false);
  });
});
