/** What a core reports of its requests to the agents of its nodes. */
import { expect, it } from 'vitest';
import { createTrafficMirror, isOwnReport } from '../../../../electron/core/leases/traffic-mirror.ts';
import type { AgentLink } from '../../../../electron/core/ports/agents.ts';
import { createEmitter } from '../../../../shared/emitter.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { silentLog } from '../../../fakes/indexing.ts';

function createWorld({ taken = true }: { taken?: boolean } = {}) {
  const clock = createFakeClock();
  const sent: string[] = [];
  const inUse = new Set<string>();
  const reached = createEmitter<[nodeId: string, contact: { bootId: string; fresh: boolean }]>({
    name: 'agents',
    log: silentLog,
  });
  let fails = false;
  const link = {
    async putTraffic(id: string, { models }: { models: readonly string[] }) {
      if (fails) throw new Error('The network is down.');
      sent.push(`${id} ${models.join()}`);
      return taken;
    },
  } as unknown as AgentLink;
  const view = { state: 'ok' } as never;
  const mirror = createTrafficMirror({
    clock,
    log: silentLog,
    agents: {
      view: (nodeId) => (nodeId === 'none' ? null : view),
      link: () => link,
      onReached: reached.on,
    },
    panelId: 'p',
    holder: () => 'laptop',
    isInUse: (_nodeId, model) => inUse.has(model),
  });
  return { clock, sent, inUse, mirror, reached, fail: (is: boolean) => (fails = is) };
}

it('reports a model soon after its first request, renews it while it is in use, and withdraws it', async () => {
  const { clock, sent, inUse, mirror } = createWorld();
  inUse.add('m');
  mirror.used('n', 'm');
  mirror.used('n', 'k');
  mirror.used('none', 'm');
  await clock.advance(200);
  expect(sent).toEqual(['p:n k,m']);
  await clock.advance(80_000);
  expect(sent.slice(1)).toEqual(['p:n k,m', 'p:n m']);
  inUse.delete('m');
  await clock.advance(200_000);
  expect(sent.at(-1)).toBe('p:n ');
  expect(clock.pending()).toBe(0);
});

it('sends it again to an agent that was restarted, and after a failure', async () => {
  const { clock, sent, inUse, mirror, reached, fail } = createWorld();
  inUse.add('m');
  fail(true);
  mirror.used('n', 'm');
  await clock.advance(200);
  expect(sent).toEqual([]);
  fail(false);
  await clock.advance(15_000);
  expect(sent).toEqual(['p:n m']);
  reached.emit('n', { bootId: 'b', fresh: true });
  await clock.advance(1);
  expect(sent).toHaveLength(2);
});

it('asks an agent that is too old only once', async () => {
  const { clock, sent, inUse, mirror } = createWorld({ taken: false });
  inUse.add('m');
  mirror.used('n', 'm');
  await clock.advance(600_000);
  mirror.used('n', 'k');
  await clock.advance(600_000);
  expect(sent).toEqual(['p:n m']);
});

it('withdraws its reports at the end', async () => {
  const { clock, sent, mirror } = createWorld();
  mirror.used('n', 'm');
  await clock.advance(200);
  await mirror.stop();
  expect(sent.at(-1)).toBe('p:n ');
  mirror.used('n', 'other');
  await clock.advance(60_000);
  expect(sent).toHaveLength(2);
});

it('knows its own reports from those of a panel whose id begins in the same way', () => {
  expect([isOwnReport('p', 'p:node_1'), isOwnReport('p', 'p2:node_1')]).toEqual([true, false]);
});
