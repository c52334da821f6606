/** Methods of indexes on other servers. */
import * as z from 'zod';
import { remoteIndexViewSchema, remoteTestSchema } from '../models/remote-index.ts';
import { done, type MethodDefinition, name, nodeId, nothing, token } from './definition.ts';

const url = z.string().min(1).max(2000);
const vault = z.string().trim().min(1).max(200);
const nodeIds = z.array(nodeId).max(8);
const remoteId = z.string();

export const remoteIndexMethods = {
  'remoteIndex.list': {
    summary: 'List the indexes on other servers.',
    scope: 'view',
    params: nothing,
    result: z.array(remoteIndexViewSchema),
    errors: [],
  },
  'remoteIndex.add': {
    summary: 'Add an index on a Recall server, or on another Pilotlight. Nothing is sent there.',
    scope: 'manage',
    params: z.strictObject({
      url,
      name: name.optional(),
      key: token.nullable().default(null),
      vault: vault.default('all'),
      nodeIds: nodeIds.default([]),
      useGpu: z.boolean().default(true),
    }),
    result: remoteIndexViewSchema,
    errors: ['BAD_URL', 'BAD_TOKEN', 'ALREADY_EXISTS', 'NOT_FOUND'],
  },
  'remoteIndex.update': {
    summary:
      'Change one. The name and the key may change while it runs. With another host or port, the saved key is forgotten.',
    scope: 'manage',
    params: z.strictObject({
      remoteId,
      url: url.optional(),
      name: name.optional(),
      /** null removes it. */
      key: token.nullable().optional(),
      vault: vault.optional(),
      nodeIds: nodeIds.optional(),
      useGpu: z.boolean().optional(),
    }),
    result: remoteIndexViewSchema,
    errors: ['NOT_FOUND', 'BAD_URL', 'BAD_TOKEN', 'ALREADY_EXISTS', 'JOB_RUNNING'],
  },
  'remoteIndex.remove': {
    summary: 'Remove one from Pilotlight. Nothing changes on the server.',
    scope: 'manage',
    params: z.strictObject({ remoteId }),
    result: done,
    errors: ['NOT_FOUND', 'JOB_RUNNING'],
  },
  'remoteIndex.test': {
    summary:
      'Ask a server for its progress and its runs, before it is added or after. The key of a saved one is sent only to its own host and port.',
    scope: 'manage',
    params: z.strictObject({
      url,
      key: token.nullable().default(null),
      remoteId: remoteId.nullable().default(null),
    }),
    result: remoteTestSchema,
    errors: [
      'BAD_URL',
      'BAD_TOKEN',
      'NOT_FOUND',
      'REMOTE_INDEX_UNREACHABLE',
      'REMOTE_INDEX_REFUSED',
      'REMOTE_INDEX_FAILED',
      'NOT_A_RECALL_SERVER',
    ],
  },
  'remoteIndex.start': {
    summary: 'Wake its machines and start a run there. It goes on if Pilotlight is restarted.',
    scope: 'tasks',
    params: z.strictObject({
      remoteId,
      full: z.boolean().default(false),
      rebuild: z.boolean().default(false),
    }),
    result: remoteIndexViewSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING'],
  },
  'remoteIndex.cancel': {
    summary: 'Cancel the run there; while the server is silent, it is asked as soon as it answers.',
    scope: 'tasks',
    params: z.strictObject({
      remoteId,
      /** Stop following it, whatever it does there; only while the server is silent. */
      forget: z.boolean().default(false),
    }),
    result: remoteIndexViewSchema,
    errors: ['NOT_FOUND', 'JOB_RUNNING'],
  },
} as const satisfies Record<string, MethodDefinition>;
