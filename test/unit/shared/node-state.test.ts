import { expect, it } from 'vitest';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';

type Node = Parameters<typeof nodeStateLabel>[0];
const node: Node = { state: 'serving', hasGpu: true, url: 'http://10.0.0.7:11434', agentUrl: null };
const agentOnly = { url: null, agentUrl: 'http://10.0.0.7:8765' };

it.each<[string, Partial<Node>, string]>([
  ['serves, with a GPU that was not checked', {}, 'serving, GPU not checked'],
  ['serves, and it is unknown whether there is a GPU', { hasGpu: null }, 'serving, GPU not checked'],
  ['serves without a GPU', { hasGpu: false }, 'serving'],
  ['runs Pilotlight without a server', { url: null }, 'on, no Ollama'],
  ['has only an agent', agentOnly, 'on, no Ollama'],
  ['has only an agent, and is off', { ...agentOnly, state: 'off' }, 'off'],
  ['has neither', { url: null, state: 'off' }, 'no Ollama here'],
  ['has neither, before the first check', { url: null, state: 'unknown' }, 'not checked yet'],
])('labels a node that %s', (_, changes, label) => {
  expect(nodeStateLabel({ ...node, ...changes })).toBe(label);
});
