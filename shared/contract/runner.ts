/** Methods of the ONNX runners. */
import * as z from 'zod';
import { MOST_PICTURE_BYTES } from '../models/picture-limit.ts';
import {
  catalogueModelSchema,
  runnerFaceSchema,
  runnerPullSchema,
  runnerViewSchema,
} from '../models/runner.ts';
import { done, type MethodDefinition, nothing } from './definition.ts';

const MOST_BASE64_CHARACTERS = Math.ceil(MOST_PICTURE_BYTES / 3) * 4;

const modelName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9][\w.-]*$/, 'use letters, digits, dots, dashes and underscores');
/** Left out for the runner of this computer. */
const runnerOf = z.string().min(1).max(300).optional();
const texts = z.array(z.string().max(1_000_000));
/** `query` for what is searched for, `passage` for what is searched in: some models treat them differently. */
const as = z.enum(['query', 'passage']).default('passage');

/** Whether a sleeping machine may be woken if no runner that is awake can do it; its policy must allow that, too. */
const wake = z.boolean().default(false);
const whileWaking = [
  'CANNOT_WAKE',
  'WAKE_NOT_ALLOWED',
  'WAKE_FAILED',
  'WAKE_TIMEOUT',
  'RELAY_FAILED',
  'COMMAND_FAILED',
  'CANCELLED',
] as const;

const onOneRunner = [
  'NOT_FOUND',
  'NODE_ASLEEP',
  'RUNNER_OFF',
  'RUNNER_NOT_STARTED',
  'RUNNER_REFUSED',
  'NOT_A_RUNNER',
  'RUNNER_ERROR',
  'HOST_UNREACHABLE',
  'HOST_TIMEOUT',
  'SERVER_BUSY',
  'RUNNER_NOT_INSTALLED',
] as const;

export const runnerMethods = {
  'runner.list': {
    summary: 'List the runners of the fleet, with what they report and how the requests to them went.',
    scope: 'view',
    params: nothing,
    result: z.array(runnerViewSchema),
    errors: [],
  },
  'runner.start': {
    summary: 'Start the runner of this computer.',
    scope: 'control',
    params: nothing,
    result: runnerViewSchema,
    errors: ['RUNNER_OFF', 'RUNNER_NOT_STARTED'],
  },
  'runner.stop': {
    summary: 'Stop the runner of this computer until it is needed again.',
    scope: 'control',
    params: nothing,
    result: runnerViewSchema,
    errors: ['RUNNER_OFF'],
  },
  'runner.models.add': {
    summary: 'Add a model from a folder on the machine of the runner.',
    scope: 'manage',
    params: z.strictObject({ nodeId: runnerOf, path: z.string().trim().min(1).max(4096), name: modelName }),
    result: runnerViewSchema,
    errors: [...onOneRunner, 'ALREADY_EXISTS', 'RUNNER_BAD_MODEL', 'RUNNER_BAD_GRAPH', 'RUNNER_BAD_NAME'],
  },
  'runner.models.remove': {
    summary: 'Remove a model from a runner.',
    scope: 'manage',
    params: z.strictObject({ nodeId: runnerOf, name: modelName }),
    result: runnerViewSchema,
    errors: [...onOneRunner, 'MODEL_NOT_FOUND'],
  },
  'runner.models.load': {
    summary: 'Load a model into memory.',
    scope: 'control',
    params: z.strictObject({ nodeId: runnerOf, name: modelName }),
    result: runnerViewSchema,
    errors: [...onOneRunner, 'MODEL_NOT_FOUND'],
  },
  'runner.models.drop': {
    summary: 'Drop a model from memory; it is loaded again when it is needed.',
    scope: 'control',
    params: z.strictObject({ nodeId: runnerOf, name: modelName }),
    result: runnerViewSchema,
    errors: [...onOneRunner, 'MODEL_NOT_FOUND'],
  },
  'runner.embed': {
    summary: 'Embed texts, on one runner or shared out to all that have the model.',
    scope: 'infer',
    params: z.strictObject({ nodeId: runnerOf, model: modelName, texts: texts.min(1).max(1000), as, wake }),
    result: z.object({
      model: z.string(),
      /** SHA-256 of its files. */
      hash: z.string(),
      dimensions: z.number(),
      vectors: z.array(z.array(z.number())),
      /** The runners that made them. */
      nodes: z.array(z.object({ nodeId: z.string(), texts: z.number(), gpu: z.boolean() })),
      tookMs: z.number(),
    }),
    errors: [
      ...onOneRunner,
      ...whileWaking,
      'NO_RUNNER',
      'MODEL_NOT_FOUND',
      'RUNNER_MODEL_CHANGED',
      'SERVER_ERROR',
    ],
  },
  'runner.similarity': {
    summary: 'Compare a text with others: the cosine of their vectors.',
    scope: 'infer',
    params: z.strictObject({
      nodeId: runnerOf,
      model: modelName,
      text: z.string().max(1_000_000),
      others: texts.min(1).max(100),
    }),
    result: z.object({ similarities: z.array(z.number()), tookMs: z.number() }),
    errors: [...onOneRunner, 'NO_RUNNER', 'MODEL_NOT_FOUND', 'RUNNER_MODEL_CHANGED', 'SERVER_ERROR'],
  },
  'runner.faces': {
    summary: 'Find the faces in a picture. The picture is not kept.',
    scope: 'infer',
    params: z.strictObject({
      nodeId: runnerOf,
      /** Base64, without a prefix. */
      image: z
        .base64()
        .min(1)
        .max(MOST_BASE64_CHARACTERS)
        .meta({ description: 'base64; at most 10 MiB of a picture' }),
      wake,
    }),
    result: z.object({
      faces: z.array(runnerFaceSchema),
      nodeId: z.string(),
      gpu: z.boolean(),
      tookMs: z.number(),
    }),
    errors: [...onOneRunner, ...whileWaking, 'NO_RUNNER', 'PICTURE_UNREADABLE'],
  },
  'runner.catalogue': {
    summary: 'List the models that a runner can download.',
    scope: 'view',
    params: z.strictObject({ nodeId: runnerOf }),
    result: z.array(catalogueModelSchema),
    errors: [...onOneRunner],
  },
  'runner.pull': {
    summary:
      'Download a model of the catalogue to a runner. Its progress is on the stream `runners`; ask the person first.',
    scope: 'manage',
    params: z.strictObject({ nodeId: runnerOf, name: modelName }),
    result: runnerPullSchema,
    errors: [...onOneRunner, 'PULL_RUNNING'],
  },
  'runner.cancelPull': {
    summary: 'Cancel a download.',
    scope: 'manage',
    params: z.strictObject({ nodeId: runnerOf, name: modelName }),
    result: done,
    errors: ['NOT_FOUND'],
  },
} as const satisfies Record<string, MethodDefinition>;
