import { describe, expect, it } from 'vitest';
import { createInFlight } from '../../../../electron/core/acquire/in-flight.ts';
import type { NodeTraffic } from '../../../../electron/core/gateway/model.ts';
import { createTraffic } from '../../../../electron/core/gateway/traffic.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function start() {
  const clock = createFakeClock();
  const inFlight = createInFlight({ clock });
  const changes: NodeTraffic[] = [];
  const traffic = createTraffic({ inFlight, onChange: (_id, now) => changes.push(now) });
  const report = (inFlight: Record<string, number>, breaker: NodeTraffic['breaker'] = 'closed') =>
    traffic.update([{ nodeId: 'a', breaker, inFlight }]);
  return { clock, inFlight, traffic, report, changes };
}

describe('the traffic of the gateway', () => {
  it('is counted where moves and shutdowns look for it', () => {
    const { inFlight, report, traffic } = start();
    report({ 'm:latest': 2, '': 1 });
    expect([inFlight.count('a', 'm'), inFlight.onNode('a'), traffic.total()]).toEqual([2, 3, 3]);
    report({ 'm:latest': 1, 'n:latest': 4 });
    expect([inFlight.count('a', 'm'), inFlight.count('a', 'n'), inFlight.onNode('a')]).toEqual([1, 4, 5]);
    report({});
    expect([inFlight.onNode('a'), traffic.total(), traffic.nodes()]).toEqual([0, 0, []]);
  });

  it('adds to what others have in flight, and never ends it', () => {
    const { inFlight, report } = start();
    using _ = inFlight.begin('a', 'm');
    report({ 'm:latest': 1 });
    expect(inFlight.count('a', 'm')).toBe(2);
    expect(inFlight.fromGateway('a', 'm')).toBe(1);
    report({});
    expect(inFlight.count('a', 'm')).toBe(1);
  });

  it('lets a move go on when its requests have ended', async () => {
    const { inFlight, report } = start();
    report({ 'm:latest': 1 });
    const drained = inFlight.drain('a', ['m'], 1000, new AbortController().signal);
    report({});
    expect(await drained).toBe(true);
  });

  it('is nothing when the process has ended', () => {
    const { inFlight, report, traffic, changes } = start();
    report({ 'm:latest': 3 }, 'half-open');
    traffic.clear();
    expect([inFlight.onNode('a'), traffic.nodes()]).toEqual([0, []]);
    expect(changes.at(-1)).toEqual({ nodeId: 'a', breaker: 'closed', inFlight: {} });
  });

  it('remembers a breaker without traffic', () => {
    const { report, traffic } = start();
    report({}, 'open');
    expect(traffic.nodes()).toEqual([{ nodeId: 'a', breaker: 'open', inFlight: {} }]);
    report({}, 'closed');
    expect(traffic.nodes()).toEqual([]);
  });
});
