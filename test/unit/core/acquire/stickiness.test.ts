import { describe, expect, it } from 'vitest';
import { createStickiness } from '../../../../electron/core/acquire/stickiness.ts';

const at = (nodeId: string, digest = '') => ({ nodeId, digest });

describe('the memory of conversations', () => {
  it('knows by a session id', () => {
    const memory = createStickiness();
    memory.remember(['chat-1'], at('tower', 'd1'));
    expect([...memory.matches(['chat-1'])]).toEqual([['tower', { nodeId: 'tower', digest: 'd1', match: 1 }]]);
    expect(memory.matches(['chat-2']).size).toBe(0);
    expect(memory.matches([]).size).toBe(0);
  });

  it('measures how much of a conversation a node knows', () => {
    const memory = createStickiness();
    memory.remember(['a', 'ab'], at('tower'));
    expect(memory.matches(['a', 'ab', 'abc', 'abcd']).get('tower')?.match).toBe(0.5);
    expect(memory.matches(['a', 'ax']).get('tower')?.match).toBe(0.5);
  });

  it('takes the node that used a key last', () => {
    const memory = createStickiness();
    memory.remember(['a', 'ab'], at('tower'));
    memory.remember(['a', 'ax'], at('nas'));
    const known = memory.matches(['a', 'ab']);
    expect(known.get('tower')?.match).toBe(1);
    expect(known.get('nas')?.match).toBe(0.5);
  });

  it('forgets what was used longest ago', () => {
    const memory = createStickiness(2);
    memory.remember(['a'], at('tower'));
    memory.remember(['b'], at('tower'));
    memory.remember(['a'], at('nas'));
    memory.remember(['c'], at('tower'));
    expect(memory.size).toBe(2);
    expect(memory.matches(['b']).size).toBe(0);
    expect([...memory.matches(['a']).keys()]).toEqual(['nas']);
    expect([...memory.matches(['c']).keys()]).toEqual(['tower']);
  });

  it('has a bound without being asked for one', () => {
    const memory = createStickiness();
    for (let index = 0; index < 10_100; index += 1) memory.remember([`k${index}`], at('tower'));
    expect(memory.size).toBe(10_000);
    memory.remember(
      Array.from({ length: 20_000 }, (_, index) => `l${index}`),
      at('nas'),
    );
    expect(memory.size).toBe(10_000);
    expect(memory.matches(['l19999']).size).toBe(1);
  });
});
