/** Nodes of the gateway's table for tests of its routing. */
import type { GatewayRequest, RequestNode } from '../../electron/core/acquire/route-request.ts';

export const weights = 'a'.repeat(64);
export const otherWeights = 'b'.repeat(64);

export function heldModel(
  own: Partial<RequestNode['installed'][number]> = {},
): RequestNode['installed'][number] {
  return { name: 'qwen3:8b', digest: weights, sizeBytes: 5e9, modifiedAt: null, cloud: false, ...own };
}

export function loadedModel(own: Partial<RequestNode['loaded'][number]> = {}): RequestNode['loaded'][number] {
  return { name: 'qwen3:8b', digest: weights, sizeBytes: 6e9, contextLength: 4096, gpuShare: 1, ...own };
}

/** Serves the model with a GPU that has room; nothing is loaded. */
export function requestNode(id: string, own: Partial<RequestNode> = {}): RequestNode {
  return {
    id,
    name: `${id}-name`,
    dialects: ['ollama', 'openai', 'anthropic'],
    serving: true,
    hasGpu: true,
    installed: [heldModel()],
    loaded: [],
    saysPlacement: true,
    vram: { totalBytes: 24e9, usedBytes: 1e9 },
    slots: null,
    moving: [],
    inFlight: 0,
    inFlightOfModel: 0,
    excluded: false,
    ...own,
  };
}

export function gatewayRequest(own: Partial<GatewayRequest> = {}): GatewayRequest {
  return {
    model: 'qwen3:8b',
    digest: null,
    contextLength: null,
    capability: 'chat',
    dialect: 'ollama',
    conversation: [],
    ...own,
  };
}
