/**
 * Every stream is a map of keyed entries. A subscriber gets a snapshot, then deltas with the changes. The newest value
 * of a key wins: a slow subscriber skips states, but its final state is always right.
 */

import * as z from 'zod';
import { credentialViewSchema } from '../models/access.ts';
import { activityEntrySchema } from '../models/activity.ts';
import { agentUpdatesSchema } from '../models/agent-updates.ts';
import { checkSchema } from '../models/checks.ts';
import { discoverySchema } from '../models/discovery.ts';
import { nodeOfferSchema, nodeViewSchema } from '../models/fleet.ts';
import { gatewayViewSchema } from '../models/gateway.ts';
import { immichViewSchema } from '../models/immich.ts';
import { embedderChoiceSchema, indexJobSchema, sourceViewSchema } from '../models/indexing.ts';
import { modelPullSchema } from '../models/library.ts';
import { messageSchema } from '../models/message.ts';
import { moveRecordSchema, optimizerStatusSchema } from '../models/placement.ts';
import { nodePowerSchema } from '../models/power.ts';
import { remoteIndexViewSchema } from '../models/remote-index.ts';
import { queueSampleSchema, requestViewSchema } from '../models/requests.ts';
import { runnerViewSchema } from '../models/runner.ts';
import { secretsProtectionSchema } from '../models/secrets.ts';
import { settingsSchema } from '../models/settings.ts';
import { taskQueueViewSchema, taskViewSchema, taskWorkerSchema } from '../models/tasks.ts';
import { telemetrySampleSchema, workSampleSchema } from '../models/telemetry.ts';
import { updateViewSchema } from '../models/updates.ts';
import { wakeProgressSchema } from '../models/wake.ts';
import type { Right } from '../rights.ts';

export const noticeSchema = z.object({
  id: z.string(),
  code: z.string(),
  message: messageSchema,
  next: messageSchema,
});
export type Notice = z.infer<typeof noticeSchema>;

export const coreStatusSchema = z.object({
  version: z.string(),
  startedAt: z.number(),
  simulated: z.boolean(),
  /** Where the panel, the control API and `/metrics` answer on this computer, without a path; null until they do. */
  url: z.string().nullable().default(null),
  offers: z.array(nodeOfferSchema),
  /** Problems that were repaired at start, such as a damaged settings file that was set aside. */
  notices: z.array(noticeSchema),
  /** How passwords and tokens are kept here. */
  secrets: secretsProtectionSchema,
});
export type CoreStatus = z.infer<typeof coreStatusSchema>;

/** Stream name → schema of an entry. The comment says what the key is. */
export const streamSchemas = {
  /** `status` */
  core: coreStatusSchema,
  /** node id: its state and configuration, not its readings */
  fleet: nodeViewSchema,
  /** node id: the wake in progress, removed shortly after it has ended */
  wake: wakeProgressSchema,
  /** node id: its policy, leases, agent and shutdown state */
  power: nodePowerSchema,
  /** `status`: the search for machines */
  discovery: discoverySchema,
  /** check id: one diagnosis and one rehearsal for each node */
  checks: checkSchema,
  /** node id: its newest sample, removed when the node is no longer measured */
  telemetry: telemetrySampleSchema,
  /** `work`: the newest bucket */
  work: workSampleSchema,
  /** `status` */
  optimizer: optimizerStatusSchema,
  /** move id, the newest 200 */
  moves: moveRecordSchema,
  /** node id and model: each download to a node, and for ten minutes how it ended */
  pulls: modelPullSchema,
  /** source id */
  sources: sourceViewSchema,
  /** job id, the newest 20 */
  jobs: indexJobSchema,
  /** id of a remote index */
  remoteIndexes: remoteIndexViewSchema,
  /** embedder id */
  embedders: embedderChoiceSchema,
  /** entry id, the newest 200 */
  activity: activityEntrySchema,
  /** `settings` */
  settings: settingsSchema,
  /** request id: all in progress up to 1,000, and the newest 500 that have ended */
  requests: requestViewSchema,
  /** `queues`: what waits now */
  queues: queueSampleSchema,
  /** task id: all that are active or wait, up to 1,000, and the newest 500 that have ended */
  tasks: taskViewSchema,
  /** worker id */
  taskWorkers: taskWorkerSchema,
  /** queue name */
  taskQueues: taskQueueViewSchema,
  /** `gateway` */
  gateway: gatewayViewSchema,
  /** `immich`: the door for Immich */
  immich: immichViewSchema,
  /** node id: each runner of the fleet */
  runners: runnerViewSchema,
  /** `state`: the versions of agents, once somebody has asked for them */
  agentUpdates: agentUpdatesSchema,
  /** `updates`: of Pilotlight itself */
  updates: updateViewSchema,
  /** credential id: keys and sessions that are not revoked */
  access: credentialViewSchema,
} as const;

export type StreamName = keyof typeof streamSchemas;
export type StreamValue<Name extends StreamName> = z.infer<(typeof streamSchemas)[Name]>;
export const streamNames = Object.keys(streamSchemas) as [StreamName, ...StreamName[]];

/** The right that a subscriber needs. */
export const rightOfStream = (name: StreamName): Right => (name === 'access' ? 'manage' : 'view');

export function isStreamName(name: string): name is StreamName {
  return Object.hasOwn(streamSchemas, name);
}

/** The last frame that a subscriber got. A cursor of another epoch (the core was restarted) gets a new snapshot. */
export const cursorSchema = z.object({ epoch: z.string(), sequence: z.number().int() });
export type Cursor = z.infer<typeof cursorSchema>;

export const frameSchema = z.object({
  /** `snapshot` replaces everything; `delta` changes the entries that it lists. */
  kind: z.enum(['snapshot', 'delta']),
  cursor: cursorSchema,
  set: z.array(z.tuple([z.string(), z.unknown()])),
  removed: z.array(z.string()),
});
export type Frame = z.infer<typeof frameSchema>;
