/** A small table of the gateway for tests. */
import type {
  GatewayTable,
  TableLoaded,
  TableModel,
  TableNode,
  TableSettings,
} from '../../electron/core/gateway/model.ts';

export function tableModel(own: Partial<TableModel> = {}): TableModel {
  return {
    name: 'qwen3:8b',
    digest: 'a'.repeat(64),
    sizeBytes: 5_225_388_164,
    modifiedAt: '2026-11-26T16:24:57.463615757+01:00',
    parentModel: '',
    format: 'gguf',
    family: 'qwen3',
    families: ['qwen3'],
    parameterSize: '8.2B',
    quantization: 'Q4_K_M',
    capabilities: ['completion', 'tools'],
    contextLength: 40_960,
    embeddingLength: 4096,
    cloud: false,
    ...own,
  };
}

export function tableLoaded(own: Partial<TableLoaded> = {}): TableLoaded {
  return {
    name: 'qwen3:8b',
    digest: 'a'.repeat(64),
    sizeBytes: 6_000_000_000,
    vramBytes: 6_000_000_000,
    expiresAt: Date.UTC(2026, 10, 26, 17, 2, 9, 80),
    contextLength: 4096,
    gpuShare: 1,
    ...own,
  };
}

export function tableNode(id: string, own: Partial<TableNode> = {}): TableNode {
  return {
    id,
    name: id,
    url: `http://${id}:11434`,
    dialects: ['ollama', 'openai', 'anthropic'],
    serving: true,
    hasGpu: true,
    installed: [tableModel()],
    loaded: [],
    saysPlacement: true,
    vram: { totalBytes: 24e9, usedBytes: 1e9 },
    slots: null,
    moving: [],
    ...own,
  };
}

export function gatewayTable(
  nodes: readonly TableNode[],
  settings: Partial<TableSettings> = {},
): GatewayTable {
  return {
    version: 1,
    nodes,
    credentials: [],
    settings: {
      keyOnLoopback: false,
      beta: 1,
      managementNodeId: null,
      allowCloud: false,
      fallbacks: {},
      bodyBudgetBytes: 64 * 2 ** 20,
      ...settings,
    },
  };
}
