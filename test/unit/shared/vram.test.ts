import { expect, it } from 'vitest';
import type { ServerCapability } from '../../../shared/models/fleet.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { usedVramBytes } from '../../../shared/vram.ts';
import { aNode } from '../../fakes/records.ts';

const silent = (capabilities: ServerCapability[] = ['lists-models']) => ({
  product: 'vLLM',
  version: null,
  capabilities,
});

it('VRAM in use is unknown where the server does not say what is loaded', () => {
  const loaded = aNode()
    .loaded.slice(0, 1)
    .map((model) => ({ ...model, vramBytes: 5 }));
  expect(usedVramBytes(aNode({ loaded }), null)).toBe(5);
  expect(usedVramBytes(aNode({ loaded: [] }), null)).toBe(0);
  expect(usedVramBytes(aNode({ loaded: [], server: silent() }), null)).toBeNull();
  expect(usedVramBytes(aNode({ loaded: [], server: null }), null)).toBe(0);
  expect(usedVramBytes(aNode({ state: 'off', loaded: [] }), null)).toBeNull();
});

it('a GPU is "not checked" only where it can be', () => {
  const label = (own: Parameters<typeof aNode>[0]) => nodeStateLabel(aNode({ state: 'serving', ...own }));
  expect(label({ server: silent() })).toBe(label({ hasGpu: false }));
  expect(label({ server: silent(['says-placement']) })).not.toBe(label({ hasGpu: false }));
  expect(label({ server: null })).not.toBe(label({ hasGpu: false }));
});
