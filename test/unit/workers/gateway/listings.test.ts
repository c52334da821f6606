import { describe, expect, it } from 'vitest';
import type { TableNode } from '../../../../electron/core/gateway/model.ts';
import {
  listOpenAiModels,
  listRunning,
  listTags,
  openAiModel,
} from '../../../../electron/workers/gateway/listings.ts';
import { gatewayTable, tableLoaded, tableModel, tableNode } from '../../../fakes/gateway-table.ts';

const now = Date.UTC(2026, 10, 26, 16, 0, 0);

/** Models by name and hour of the day at which they were changed. */
const at = (name: string, hour: number, own = {}) =>
  tableModel({ name, modifiedAt: `2026-11-26T${String(hour).padStart(2, '0')}:00:00Z`, ...own });

const tagNames = (nodes: TableNode[], allowed: string[] | null = null, settings = {}) =>
  listTags(gatewayTable(nodes, settings), allowed).models.map(({ name }) => name);
const ids = (nodes: TableNode[], allowed: string[] | null = null, settings = {}) =>
  listOpenAiModels(gatewayTable(nodes, settings), allowed).data.map(({ id }) => id);
const running = (nodes: TableNode[], allowed: string[] | null = null, settings = {}) =>
  listRunning(gatewayTable(nodes, settings), allowed, now).models;

describe('tags', () => {
  it('are written as a server writes them', () => {
    const written = JSON.stringify(listTags(gatewayTable([tableNode('a')]), null));
    expect(written).toBe(
      `{"models":[{"name":"qwen3:8b","model":"qwen3:8b","modified_at":"2026-11-26T16:24:57.463615757+01:00","size":5225388164,"digest":"${'a'.repeat(64)}","details":{"parent_model":"","format":"gguf","family":"qwen3","families":["qwen3"],"parameter_size":"8.2B","quantization_level":"Q4_K_M","context_length":40960,"embedding_length":4096},"capabilities":["completion","tools"]}]}`,
    );
  });

  it('leave out what a server does not report', () => {
    const bare = tableModel({
      modifiedAt: null,
      families: null,
      capabilities: null,
      contextLength: null,
      embeddingLength: null,
      parentModel: 'base:latest',
    });
    const [tag] = listTags(gatewayTable([tableNode('a', { installed: [bare] })]), null).models;
    expect(tag).not.toHaveProperty('capabilities');
    expect(tag?.modified_at).toBe('0001-01-01T00:00:00Z');
    expect(tag?.details).toEqual({
      parent_model: 'base:latest',
      format: 'gguf',
      family: 'qwen3',
      families: null,
      parameter_size: '8.2B',
      quantization_level: 'Q4_K_M',
    });
  });

  it('are the union of the fleet, the newest first, asleep or not', () => {
    const nodes = [
      tableNode('a', { installed: [at('old', 1), at('new:8b', 9)] }),
      tableNode('b', { installed: [at('middle', 5), at('OLD:latest', 1)], serving: false }),
    ];
    expect(tagNames(nodes)).toEqual(['new:8b', 'middle', 'old']);
    expect(listTags(gatewayTable([]), null)).toEqual({ models: [] });
  });

  it('show the newest of different weights under one name', () => {
    const nodes = [
      tableNode('a', { installed: [at('m', 1, { digest: 'first' })] }),
      tableNode('b', { installed: [at('m:latest', 2, { digest: 'second' })] }),
    ];
    const { models } = listTags(gatewayTable(nodes), null);
    expect(models).toMatchObject([{ name: 'm:latest', digest: 'second' }]);
    const undated = [
      tableNode('a', { installed: [tableModel({ name: 'm', modifiedAt: null, digest: 'first' })] }),
      nodes[0] as TableNode,
    ];
    expect(listTags(gatewayTable(undated), null).models[0]?.modified_at).toBe('2026-11-26T01:00:00Z');
  });

  it('are those of servers that speak the dialect', () => {
    const other = tableNode('b', { dialects: ['openai'], installed: [at('vllm-model', 1)] });
    expect(tagNames([tableNode('a'), other])).toEqual(['qwen3:8b']);
    expect(ids([tableNode('a'), other])).toEqual(['qwen3:8b', 'vllm-model']);
    expect(ids([tableNode('a', { dialects: ['ollama'] })])).toEqual([]);
  });

  it('are those that the key may use', () => {
    const nodes = [
      tableNode('a', { installed: [at('qwen3:8b', 3), at('llama3:8b', 2), at('llama3:70b', 1)] }),
    ];
    expect(tagNames(nodes, ['llama3'])).toEqual(['llama3:8b', 'llama3:70b']);
    expect(tagNames(nodes, ['llama3:8b', 'q*'])).toEqual(['qwen3:8b', 'llama3:8b']);
    expect(tagNames(nodes, [])).toEqual([]);
    expect(ids(nodes, ['llama3:70b'])).toEqual(['llama3:70b']);
  });

  it('have no models that run elsewhere, unless allowed', () => {
    const nodes = [tableNode('a', { installed: [at('big:cloud', 2, { cloud: true }), at('m', 1)] })];
    expect(tagNames(nodes)).toEqual(['m']);
    expect(ids(nodes)).toEqual(['m']);
    expect(tagNames(nodes, null, { allowCloud: true })).toEqual(['big:cloud', 'm']);
    expect(tagNames(nodes, ['m'], { allowCloud: true })).toEqual(['m']);
  });
});

describe('what is loaded', () => {
  it('is written as a server writes it', () => {
    const node = tableNode('a', {
      installed: [tableModel({ parentModel: 'base:latest' })],
      loaded: [tableLoaded()],
    });
    expect(JSON.stringify({ models: running([node]) })).toBe(
      `{"models":[{"name":"qwen3:8b","model":"qwen3:8b","size":6000000000,"digest":"${'a'.repeat(64)}","details":{"parent_model":"","format":"gguf","family":"qwen3","families":["qwen3"],"parameter_size":"8.2B","quantization_level":"Q4_K_M"},"expires_at":"2026-11-26T17:02:09.08Z","size_vram":6000000000,"context_length":4096}]}`,
    );
  });

  it('comes from nodes that serve and report it', () => {
    const loaded = [tableLoaded()];
    expect(running([tableNode('a', { loaded, serving: false })])).toEqual([]);
    expect(running([tableNode('a', { loaded, saysPlacement: false })])).toEqual([]);
    expect(running([tableNode('a', { loaded, dialects: ['openai'] })])).toEqual([]);
  });

  it('is ordered by expiry, each name once', () => {
    const node = (id: string, ...entries: [string, number | null][]) =>
      tableNode(id, { loaded: entries.map(([name, expiresAt]) => tableLoaded({ name, expiresAt })) });
    const shown = running([
      node('a', ['soon', now + 1000], ['m', now + 2000]),
      node('b', ['m:latest', now + 5000], ['stays', null]),
    ]);
    expect(shown.map(({ name, expires_at }) => [name, expires_at])).toEqual([
      ['stays', '2319-03-08T15:47:16.854Z'],
      ['m:latest', '2026-11-26T16:00:05Z'],
      ['soon', '2026-11-26T16:00:01Z'],
    ]);
  });

  it('has the details of its weights, if it was deleted while loaded', () => {
    const loaded = [tableLoaded({ name: 'gone', contextLength: null })];
    const [twin] = running([tableNode('a', { loaded })]);
    expect(twin?.details.family).toBe('qwen3');
    expect(twin).not.toHaveProperty('context_length');
    const [unknown] = running([tableNode('a', { loaded, installed: [] })]);
    expect(unknown?.details).toEqual({
      parent_model: '',
      format: '',
      family: '',
      families: null,
      parameter_size: '',
      quantization_level: '',
    });
    const nothing = {
      installed: [tableModel({ digest: '' })],
      loaded: [tableLoaded({ name: 'x', digest: '' })],
    };
    expect(running([tableNode('a', nothing)])[0]?.details.family).toBe('');
    const two = [
      tableModel({ name: 'b', family: 'bert' }),
      tableModel({ name: 'A:latest', family: 'llama' }),
    ];
    const named = { installed: two, loaded: [tableLoaded({ name: 'a' })] };
    expect(running([tableNode('a', named)])[0]?.details.family).toBe('llama');
  });

  it('is what the key may use', () => {
    const nodes = [tableNode('a', { loaded: [tableLoaded({ name: 'one' }), tableLoaded({ name: 'two' })] })];
    expect(running(nodes, ['two']).map(({ name }) => name)).toEqual(['two']);
    const cloud = [tableNode('a', { installed: [tableModel({ cloud: true })], loaded: [tableLoaded()] })];
    expect(running(cloud)).toEqual([]);
    expect(running(cloud, null, { allowCloud: true })).toHaveLength(1);
  });
});

describe('the models of the OpenAI dialect', () => {
  const nodes = [tableNode('a', { installed: [at('qwen3:8b', 2), at('hf.co/ada/m', 1), at('bob/m:x', 0)] })];

  it('are written as a server writes them', () => {
    const node = tableNode('a');
    expect(JSON.stringify(listOpenAiModels(gatewayTable([node]), null))).toBe(
      '{"object":"list","data":[{"id":"qwen3:8b","object":"model","created":1795706697,"owned_by":"library"}]}',
    );
  });

  it('are owned by their namespace', () => {
    const { data } = listOpenAiModels(gatewayTable(nodes), null);
    expect(data.map(({ owned_by }) => owned_by)).toEqual(['library', 'ada', 'bob']);
    const path = [tableNode('a', { installed: [tableModel({ name: '/model.gguf', modifiedAt: null })] })];
    expect(listOpenAiModels(gatewayTable(path), null).data).toEqual([
      { id: '/model.gguf', object: 'model', created: 0, owned_by: 'library' },
    ]);
  });

  it('are found one by one', () => {
    const table = gatewayTable(nodes);
    expect(openAiModel(table, null, 'QWEN3:8b')).toMatchObject({ id: 'qwen3:8b', owned_by: 'library' });
    expect(openAiModel(table, null, 'hf.co/ada/m:latest')?.id).toBe('hf.co/ada/m');
    expect(openAiModel(table, null, 'nope')).toBeNull();
    expect(openAiModel(table, ['m*'], 'qwen3:8b')).toBeNull();
  });
});
