/** Methods of the models on the disks of nodes: downloading, copying and deleting them. */
import * as z from 'zod';
import { modelPullSchema } from '../models/library.ts';
import { done, type MethodDefinition, nodeId } from './definition.ts';

const modelName = z.string().trim().min(1).max(300);
/** Whether a sleeping machine may be woken for it; its policy must allow that, too. */
const wake = z.boolean().default(false);

const toOneNode = [
  'NOT_FOUND',
  'NO_SERVER',
  'NOT_SUPPORTED',
  'NODE_ASLEEP',
  'BAD_MODEL_NAME',
  'PULL_RUNNING',
] as const;

export const libraryMethods = {
  'models.pull': {
    summary:
      'Download a model to a node, from the library that its name leads to. Answers at once; the progress is on the stream `pulls`. Ask the person first.',
    scope: 'manage',
    params: z.strictObject({ model: modelName, nodeId, wake }),
    result: modelPullSchema,
    errors: toOneNode,
  },
  'models.copy': {
    summary:
      'Give a node a model that another node has. The server there downloads it again by its name, because servers do not hand out their files; at the end both digests are compared.',
    scope: 'manage',
    params: z.strictObject({ model: modelName, from: nodeId, to: nodeId, wake }),
    result: modelPullSchema,
    errors: [...toOneNode, 'MODEL_NOT_FOUND', 'ALREADY_EXISTS'],
  },
  'models.pulls': {
    summary: 'List the downloads of models, with those that ended in the last ten minutes.',
    scope: 'view',
    params: z.strictObject({}),
    result: z.array(modelPullSchema),
    errors: [],
  },
  'models.cancelPull': {
    summary:
      'Cancel a download. The server keeps what has arrived, and the next download continues from there.',
    scope: 'manage',
    params: z.strictObject({ model: modelName, nodeId }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'models.delete': {
    summary: 'Delete a model from the disk of a node, when its requests have finished. It is unloaded first.',
    scope: 'manage',
    params: z.strictObject({
      model: modelName,
      nodeId,
      /** Even if another panel uses it. */
      anyway: z.boolean().default(false),
    }),
    result: done,
    errors: [
      'NOT_FOUND',
      'NO_SERVER',
      'NOT_SUPPORTED',
      'NODE_ASLEEP',
      'MODEL_NOT_FOUND',
      'PINNED',
      'IN_USE',
      'MODEL_BUSY',
      'MOVE_IN_PROGRESS',
      'PULL_RUNNING',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
    ],
  },
} as const satisfies Record<string, MethodDefinition>;
