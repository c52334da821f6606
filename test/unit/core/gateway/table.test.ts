import { describe, expect, it } from 'vitest';
import type { KnownKey } from '../../../../electron/core/access/credential-view.ts';
import { buildTable, hasUsableKey } from '../../../../electron/core/gateway/table.ts';
import type { ServerCapability } from '../../../../shared/models/fleet.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';
import { aNode } from '../../../fakes/records.ts';

const settings = defaultSettings.gateway;
const MIB = 1024 ** 2;

const model = {
  name: 'a',
  digest: 'd',
  sizeBytes: 1,
  family: 'bert',
  parameterSize: '1M',
  quantization: 'F16',
  capabilities: null,
  embeddingLength: null,
};

const key = (changes: Partial<KnownKey> = {}): KnownKey => ({
  id: 'key_1',
  kind: 'program',
  name: 'n8n',
  rights: ['infer'],
  digest: new Uint8Array(32),
  origin: null,
  endsAt: null,
  revoked: false,
  models: null,
  requestsPerMinute: null,
  ...changes,
});

const facts = (view = aNode(), usedVramBytes: number | null = null, moving: readonly string[] = []) => ({
  nodes: [{ view, usedVramBytes, moving }],
  credentials: [],
  settings,
});

describe('a node in the table', () => {
  it('has what its view says, with readings of VRAM in steps', () => {
    const [node] = buildTable(facts(aNode(), 5_000 * MIB + 1, ['llama3.2:3b'])).nodes;
    expect(node).toMatchObject({
      id: 'node_1',
      name: 'tower',
      url: 'http://127.0.0.1:11434',
      serving: true,
      hasGpu: true,
      saysPlacement: true,
      vram: { totalBytes: 24e9, usedBytes: 4992 * MIB },
      moving: ['llama3.2:3b'],
    });
    expect(node?.loaded[0]).not.toHaveProperty('flagged');
  });

  it('speaks the dialects that its server can', () => {
    const speaking = (...capabilities: ServerCapability[]) =>
      buildTable(facts(aNode({ server: { product: 'x', version: null, capabilities } }))).nodes[0];
    expect(buildTable(facts()).nodes[0]?.dialects).toEqual(['ollama', 'openai', 'anthropic']);
    expect(speaking('speaks-openai', 'lists-models')).toMatchObject({
      dialects: ['openai'],
      saysPlacement: false,
      serverVersion: null,
    });
    expect(speaking()?.dialects).toEqual([]);
  });

  it.each([
    ['an agent only', { url: null }],
    ['no known server', { server: null }],
  ])('is left out with %s', (_name, changes) => {
    expect(buildTable(facts(aNode(changes))).nodes).toEqual([]);
  });

  it('keeps its models while it sleeps, and is not serving', () => {
    const [node] = buildTable(facts(aNode({ state: 'off', loaded: [], installed: [model] }))).nodes;
    expect(node?.serving).toBe(false);
    expect(node?.installed.map(({ name }) => name)).toEqual(['a']);
  });

  it('reads what an earlier version did not save as missing', () => {
    const more = {
      modifiedAt: '2026-01-01T00:00:00Z',
      parentModel: 'p',
      format: 'gguf',
      families: ['bert'],
      contextLength: 512,
      cloud: true,
    };
    const [node] = buildTable(facts(aNode({ installed: [model, { ...model, ...more }] }))).nodes;
    expect(node?.installed).toEqual([
      {
        ...model,
        modifiedAt: null,
        parentModel: '',
        format: '',
        families: null,
        contextLength: null,
        cloud: false,
      },
      { ...model, ...more },
    ]);
  });

  it('has the same list of models as long as its view has', () => {
    const view = aNode();
    const [first, second] = [buildTable(facts(view)), buildTable(facts({ ...view, name: 'other' }))];
    expect(second.nodes[0]?.installed).toBe(first.nodes[0]?.installed);
  });
});

it('a node has its cloud models too, for where they are allowed', () => {
  const cloud = { ...model, name: 'big:cloud', cloud: true };
  const [node] = buildTable(facts(aNode({ cloudModels: [cloud] }))).nodes;
  expect(node?.installed.map((model) => [model.name, model.cloud]).at(-1)).toEqual(['big:cloud', true]);
});

describe('the rest of the table', () => {
  it('has keys with their limits, and no session of a browser', () => {
    const limited = key({ models: ['llama3*'], requestsPerMinute: 60 });
    const session = key({ id: 'session_1', kind: 'session', rights: ['manage'] });
    expect(buildTable({ ...facts(), credentials: [limited, session] }).credentials).toEqual([limited]);
  });

  it('finds fallbacks by canonical name, and counts memory in bytes', () => {
    const fallbacks = [{ model: 'Llama3.1', use: ['llama3.2:3b'] }];
    const table = buildTable({ ...facts(), settings: { ...settings, fallbacks, bodyBudgetMb: 2 } });
    expect(table.settings.fallbacks).toEqual({ 'llama3.1:latest': ['llama3.2:3b'] });
    expect(table.settings.bodyBudgetBytes).toBe(2 * MIB);
  });
});

describe('a key for the network', () => {
  it.each([
    [key(), true],
    [key({ rights: ['manage'], kind: 'script' }), true],
    [key({ rights: ['view'] }), false],
    [key({ revoked: true }), false],
    [key({ endsAt: 1000 }), false],
    [key({ endsAt: 1001 }), true],
    [key({ kind: 'session' }), false],
  ])('%o: %s', (one, usable) => {
    expect(hasUsableKey([one], 1000)).toBe(usable);
  });
});
