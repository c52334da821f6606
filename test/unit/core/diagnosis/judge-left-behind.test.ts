import { describe, expect, it } from 'vitest';
import { judgeLeftBehind } from '../../../../electron/core/diagnosis/judge-left-behind.ts';
import type { AgentSample } from '../../../../electron/core/ports/agents.ts';
import { aGpu } from '../../../fakes/records.ts';

describe('runners that an ended Ollama left behind', () => {
  const runner = (parent?: { pid: number; name: string | null }) => ({
    pid: 1842,
    name: '/usr/local/lib/ollama/llama-server',
    vramUsedBytes: 20.4e9,
    ...(parent && { parent }),
  });
  const gpu = (...processes: AgentSample['gpus'][number]['processes']): AgentSample['gpus'] => [
    { ...aGpu(), processes },
  ];
  it.each<[string, AgentSample['gpus'] | null, number[], string]>([
    ['no agent', null, [], 'not-applicable'],
    ['nothing in VRAM', gpu(), [], 'pass'],
    ['one that Ollama started', gpu(runner({ pid: 900, name: 'ollama' })), [], 'pass'],
    ['one whose parent is not reported', gpu(runner()), [], 'pass'],
    ['one that belongs to the system now', gpu(runner({ pid: 1, name: 'systemd' })), [], 'fail'],
    ['one whose parent has ended', gpu(runner({ pid: 900, name: null })), [], 'fail'],
    ['one that its readings have shown', gpu(runner()), [1842], 'fail'],
    ['one that is gone by now', gpu(), [1842], 'pass'],
    [
      'another program',
      gpu({ pid: 7, name: 'python3', vramUsedBytes: 1e9, parent: { pid: 1, name: 'systemd' } }),
      [],
      'pass',
    ],
  ])('%s', (_, gpus, known, state) => {
    const verdict = judgeLeftBehind({ sample: gpus && { gpus }, known: new Set(known) });
    expect(verdict.state).toBe(state);
    if (state === 'fail') expect(JSON.stringify(verdict)).toContain('1842');
  });
});
