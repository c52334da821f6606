import { describe, expect, it } from 'vitest';
import { createFlow } from '../../../electron/transport/flow.ts';

describe('the flow of a link', () => {
  it('is full above the limit until half of it was written', () => {
    const flow = createFlow({ fullBytes: 100 });
    expect(flow.queued(100)).toBe(true);
    expect(flow.written(0)).toBe(false);
    expect(flow.queued(101)).toBe(false);
    expect(flow.written(51)).toBe(false);
    expect(flow.written(50)).toBe(true);
    expect(flow.written(0)).toBe(false);
    expect(flow.queued(10)).toBe(true);
  });

  it('stays full for a message between the marks, so that who waits is woken', () => {
    const flow = createFlow({ fullBytes: 100 });
    expect(flow.queued(200)).toBe(false);
    expect(flow.queued(80)).toBe(false);
    expect(flow.written(0)).toBe(true);
  });
});
