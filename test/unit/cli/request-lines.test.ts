import { expect, it } from 'vitest';
import { requestLines, shortId } from '../../../electron/cli/request-lines.ts';
import { createTerminal, visibleLength } from '../../../electron/cli/terminal.ts';
import { fact } from '../../../shared/models/message.ts';
import { aRequest } from '../../fakes/records.ts';

const stream = { write() {} };
const { style } = createTerminal({ out: stream, err: stream, env: {} });
const options = {
  style,
  width: null,
  now: 6000,
  nodeName: (id: string) => (id === 'node_1' ? 'gpu-tower' : id),
};

it('shows where a request is, and what it waits for', () => {
  const [head, line] = requestLines(
    [
      aRequest({
        id: 'mwz7-12',
        state: 'queued',
        nodeId: null,
        position: 3,
        expectedMs: 40_000,
        heldMs: 4200,
        firstByteMs: null,
        durationMs: null,
        tokensPerSecond: null,
      }),
    ],
    options,
  );
  expect(head?.split(/\s{2,}/)).toEqual(
    expect.arrayContaining(['id', 'age', 'program', 'model', 'machine', 'waited']),
  );
  expect(line).toContain('◌ queued');
  expect(line?.split(/\s{2,}/)).toEqual(
    expect.arrayContaining(['12', '5 s', 'open-webui', 'llama3.2', '4.2 s', '3 in line, ≈ 40 s left']),
  );
});

it('shows how it ended: its speed, or what went wrong', () => {
  const lines = requestLines(
    [
      aRequest({ id: 'a-1' }),
      aRequest({
        id: 'a-2',
        state: 'failed',
        credential: 'n8n',
        fallback: 'llama3.1:8b',
        retries: 2,
        problem: { code: 'HOST_UNREACHABLE', message: fact('GATEWAY_NODE_CUT_OFF', { node: 'gpu-tower' }) },
      }),
    ],
    options,
  );
  expect(lines[1]?.split(/\s{2,}/)).toEqual(
    expect.arrayContaining(['✓ completed', 'gpu-tower', '120 ms', '100 tokens/s', 'took 900 ms']),
  );
  expect(lines[2]).toContain('llama3.2 → llama3.1:8b');
  expect(lines[2]).toContain('n8n');
  expect(lines[2]).toContain('2 tried before, gpu-tower stopped in the middle of its answer.');
});

it('fits a narrow terminal', () => {
  const long = aRequest({ model: 'x'.repeat(200), program: 'y'.repeat(200) });
  const lines = requestLines([long], { ...options, width: 60 });
  expect(lines.every((line) => visibleLength(line) <= 60)).toBe(true);
});

it('names a request by its number', () => {
  expect(shortId({ id: 'mwz7mri7j41-1024' })).toBe('1024');
});
