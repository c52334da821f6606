import { describe, expect, test } from 'vitest';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';
const lan = { name: 'eth0', address: '192.168.1.7', netmask: '255.255.255.0', internal: false };

describe('a wake that is given up', () => {
  // The wake ends some turns after the last caller left: a caller in any of them gets a new wake.
  test.each([0, 1, 2, 3, 4, 5, 6, 8, 12])(
    'is not joined by a job that comes %i turns later',
    async (turns) => {
      const world = createFakeFleetWorld({ interfaces: [lan] });
      const server = world.server(url);
      server.answer = asleep();
      const { id } = world.fleet.add({ url, name: 'tower', mac: '00:00:5E:00:53:01' });
      await world.fleet.start();
      await world.clock.advance(100);

      const first = new AbortController();
      const left = world.power.ensureAwake(id, { signal: first.signal, by: 'job' }).catch(() => 'left');
      await world.clock.advance(50);
      first.abort(new Error('cancelled'));
      for (let turn = 0; turn < turns; turn += 1) await null;
      const second = world.power.ensureAwake(id, { signal: new AbortController().signal, by: 'job' });
      const served = second.then(
        (node) => node.state,
        (error: { code?: string }) => error.code,
      );
      expect(await left).toBe('left');
      await world.clock.advance(1000);
      server.answer = 'serves';
      await world.clock.advance(5000);
      expect(await served).toBe('serving');
      await world.stop();
    },
  );
});
