/** Methods of models: where they are loaded, and the optimizer that moves them. */
import * as z from 'zod';
import { explanationSchema, moveRecordSchema, optimizerStatusSchema } from '../models/placement.ts';
import { done, type MethodDefinition, nodeId, nothing } from './definition.ts';

const modelName = z.string().trim().min(1).max(300);
/** Load even if it is known not to fit entirely onto the GPU, accepting evictions and a partial load. */
const anyway = z.boolean().default(false);
export const placementMethods = {
  'models.place': {
    summary: 'Force a model to the GPU or the CPU, on one node or on all that have it.',
    scope: 'control',
    params: z.strictObject({
      model: modelName,
      target: z.enum(['gpu', 'cpu']),
      nodeId: nodeId.nullable(),
      anyway,
    }),
    result: z.array(moveRecordSchema),
    errors: ['NOT_FOUND', 'NO_SERVER', 'NODE_ASLEEP', 'MODEL_NOT_FOUND', 'MOVE_IN_PROGRESS'],
  },
  'models.placeAll': {
    summary: 'Force every priority model that is loaded to the GPU or the CPU, on one node or on all.',
    scope: 'control',
    params: z.strictObject({ target: z.enum(['gpu', 'cpu']), nodeId: nodeId.nullable(), anyway }),
    result: z.array(moveRecordSchema),
    errors: ['NOT_FOUND'],
  },
  'models.unload': {
    summary: 'Unload a model.',
    scope: 'control',
    params: z.strictObject({ model: modelName, nodeId }),
    result: done,
    errors: [
      'NOT_FOUND',
      'NO_SERVER',
      'NODE_ASLEEP',
      'NOT_LOADED',
      'PINNED',
      'MODEL_BUSY',
      'MOVE_IN_PROGRESS',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
    ],
  },
  'models.pin': {
    summary: 'Pin or unpin a model on a node. A pinned model is not moved.',
    scope: 'control',
    params: z.strictObject({ model: modelName, nodeId, pinned: z.boolean() }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'models.explain': {
    summary: 'Explain why a model is where it is, and what a move would evict.',
    scope: 'view',
    params: z.strictObject({ model: modelName, nodeId }),
    result: explanationSchema,
    errors: ['NOT_FOUND'],
  },
} as const satisfies Record<string, MethodDefinition>;

export const optimizerMethods = {
  'optimizer.status': {
    summary: 'Get the state of the optimizer: whether it is on, its last and next check, and what it found.',
    scope: 'view',
    params: nothing,
    result: optimizerStatusSchema,
    errors: [],
  },
  'optimizer.run': {
    summary: 'Run the optimizer now. Answers when its check and its moves are done.',
    scope: 'control',
    params: nothing,
    result: optimizerStatusSchema,
    errors: [],
  },
  'optimizer.history': {
    summary: 'List moves, newest first.',
    scope: 'view',
    params: z.strictObject({ limit: z.number().int().min(1).max(500).default(50) }),
    result: z.array(moveRecordSchema),
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
