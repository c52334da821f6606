import { describe, expect, it } from 'vitest';
import { createLastFailures } from '../../../../electron/core/placement/last-failure.ts';
import type { MoveRecord } from '../../../../shared/models/placement.ts';
import { aLoaded, aMoveOf, aNode, GB } from './support.ts';

const onCpu = aNode({ loaded: [aLoaded()] });
const empty = aNode();
const failed = (changes: Partial<MoveRecord> = {}) =>
  aMoveOf({ id: 7, outcome: 'failed', to: 'cpu', ...changes });

function world(moves: MoveRecord[] = []) {
  const superseded: number[] = [];
  const failures = createLastFailures(moves, ({ id }) => superseded.push(id));
  const current = (name = 'llama3.1:8b') => failures.get('node_1', name)?.id ?? null;
  return { failures, superseded, current };
}

describe('the last move that failed', () => {
  it('applies until the next move of that model', () => {
    const { failures, current } = world();
    failures.recorded(failed());
    expect([current(), current('LLAMA3.1:8b'), current('other')]).toEqual([7, 7, null]);
    failures.recorded(failed({ id: 8, outcome: 'refused' }));
    expect(current()).toBe(8);
    failures.recorded(aMoveOf({ id: 9, outcome: 'moved' }));
    expect(current()).toBeNull();
  });

  it('applies until something loads the model again', () => {
    const { failures, current, superseded } = world();
    const record = failed();
    failures.recorded(record);
    failures.settled(onCpu, record);
    failures.observe(aNode({ loaded: [aLoaded({ expiresAt: 5 })] }), null);
    expect(current()).toBe(7);
    failures.observe(aNode({ loaded: [aLoaded({ contextLength: 8192 })] }), null);
    expect([current(), superseded]).toEqual([null, [7]]);
  });

  it('remains while the model is not loaded, and ends when it is loaded', () => {
    const { failures, current } = world();
    const record = failed();
    failures.recorded(record);
    failures.settled(onCpu, record);
    failures.observe(empty, null);
    expect(current()).toBe(7);
    failures.observe(onCpu, null);
    expect(current()).toBeNull();
  });

  it('is not ended by what a move does with the model', () => {
    const { failures, current } = world();
    const record = failed();
    failures.recorded(record);
    failures.settled(onCpu, record);
    failures.observe(aNode({ loaded: [aLoaded({ vramBytes: GB })] }), 'llama3.1:8b');
    expect(current()).toBe(7);
    failures.observe(aNode({ loaded: [aLoaded({ vramBytes: GB })] }), 'other');
    expect(current()).toBeNull();
  });

  it('from before a start applies while the model is where it was left', () => {
    const { failures, current } = world([failed(), aMoveOf({ id: 6, outcome: 'moved' })]);
    failures.observe(empty, null);
    failures.observe(onCpu, null);
    expect(current()).toBe(7);
    failures.observe(aNode({ loaded: [aLoaded({ vramBytes: GB })] }), null);
    expect(current()).toBeNull();
  });

  it('is forgotten with its node', () => {
    const { failures, current } = world([failed()]);
    failures.forget('node_1');
    expect(current()).toBeNull();
  });
});
