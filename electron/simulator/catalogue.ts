/** The models of simulated machines: real names, sizes and layer counts, made-up digests. */
import { createHash } from 'node:crypto';
import type { ModelDefinition } from './model.ts';

type Shape = Omit<ModelDefinition, 'digest' | 'blob' | 'modifiedAt'> & { blob?: string };

const digestOf = (text: string) => createHash('sha256').update(`pilotlight ${text}`).digest('hex');

/** A model with digests derived from its name, so that the same name is the same model on every machine. */
export function defineModel(shape: Shape, modifiedAt = Date.UTC(2026, 8, 1, 12, 0, 0)): ModelDefinition {
  return {
    ...shape,
    digest: digestOf(`manifest ${shape.name}`),
    blob: shape.blob ?? digestOf(`weights ${shape.name}`),
    modifiedAt,
  };
}

/** A second tag on the weights of another model, with its own parameters. */
export function defineTag(
  base: ModelDefinition,
  name: string,
  parameters: Record<string, number | string | boolean>,
): ModelDefinition {
  return {
    ...base,
    name,
    digest: digestOf(`manifest ${name}`),
    parameters,
    modifiedAt: base.modifiedAt + 60_000,
  };
}

const DAY = 86_400_000;
const START = Date.UTC(2026, 8, 1, 12, 0, 0);

const chat = {
  capabilities: ['completion', 'tools'] as const,
  template: '{{ .System }}\n{{ .Prompt }}',
};

export const CATALOGUE = {
  mxbaiEmbedLarge: defineModel(
    {
      name: 'mxbai-embed-large:latest',
      sizeBytes: 669_615_493,
      family: 'bert',
      parameterSize: '334M',
      parameterCount: 334_090_000,
      quantization: 'F16',
      capabilities: ['embedding'],
      blockCount: 24,
      headCount: 16,
      kvHeads: 16,
      headDim: 64,
      contextLength: 512,
      embeddingLength: 1024,
    },
    START,
  ),
  nomicEmbedText: defineModel(
    {
      name: 'nomic-embed-text:latest',
      sizeBytes: 274_302_450,
      family: 'nomic-bert',
      parameterSize: '137M',
      parameterCount: 136_727_040,
      quantization: 'F16',
      capabilities: ['embedding'],
      blockCount: 12,
      headCount: 12,
      kvHeads: 12,
      headDim: 64,
      contextLength: 2048,
      embeddingLength: 768,
    },
    START + DAY,
  ),
  allMiniLm: defineModel(
    {
      name: 'all-minilm:latest',
      sizeBytes: 45_960_996,
      family: 'bert',
      parameterSize: '23M',
      parameterCount: 22_565_376,
      quantization: 'F16',
      capabilities: ['embedding'],
      blockCount: 6,
      headCount: 12,
      kvHeads: 12,
      headDim: 32,
      contextLength: 512,
      embeddingLength: 384,
    },
    START + 2 * DAY,
  ),
  llama31: defineModel(
    {
      ...chat,
      name: 'llama3.1:8b',
      sizeBytes: 4_920_753_328,
      family: 'llama',
      parameterSize: '8.0B',
      parameterCount: 8_030_261_312,
      quantization: 'Q4_K_M',
      blockCount: 32,
      headCount: 32,
      kvHeads: 8,
      headDim: 128,
      contextLength: 131_072,
      embeddingLength: 4096,
    },
    START + 3 * DAY,
  ),
  qwenCoder: defineModel(
    {
      ...chat,
      name: 'qwen2.5-coder:14b',
      sizeBytes: 8_988_124_069,
      family: 'qwen2',
      parameterSize: '14.8B',
      parameterCount: 14_770_033_664,
      quantization: 'Q4_K_M',
      capabilities: ['completion', 'tools', 'insert'],
      blockCount: 48,
      headCount: 40,
      kvHeads: 8,
      headDim: 128,
      contextLength: 32_768,
      embeddingLength: 5120,
    },
    START + 4 * DAY,
  ),
  llama32: defineModel(
    {
      ...chat,
      name: 'llama3.2:3b',
      sizeBytes: 2_019_393_189,
      family: 'llama',
      parameterSize: '3.2B',
      parameterCount: 3_212_749_888,
      quantization: 'Q4_K_M',
      blockCount: 28,
      headCount: 24,
      kvHeads: 8,
      headDim: 128,
      contextLength: 131_072,
      embeddingLength: 3072,
    },
    START + 5 * DAY,
  ),
} satisfies Record<string, ModelDefinition>;
