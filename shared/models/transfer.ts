/** Settings, nodes and folders as one file, and what importing a file would do. */
import * as z from 'zod';
import { embedderSchema, ignorePatternsSchema, whenGpuGoneSchema } from './indexing.ts';
import { messageSchema } from './message.ts';
import { nameSchema } from './name.ts';
import { powerPolicySchema, wakeWaySchema } from './power.ts';
import { savedSettingsSchema } from './settings.ts';

export const EXPORT_VERSION = 1;

/** Longer than any that can be entered: earlier versions saved addresses whose escapes made them longer. */
const address = z.string().max(20_000);

const [direct, , relay, command] = wakeWaySchema.options;

/** A wake method in an export. It refers to another node by the address of its agent, because ids are local. */
export const exportedWaySchema = z.discriminatedUnion('kind', [
  direct,
  relay,
  command,
  z.object({ kind: z.literal('agent'), agentUrl: address }),
]);
export type ExportedWay = z.infer<typeof exportedWaySchema>;

/** A node in an export. Simulated nodes, passwords and tokens are never exported. */
export const exportedNodeSchema = z.object({
  kind: z.enum(['this-computer', 'remote']),
  name: nameSchema,
  /** null for this computer if no address was set, and for a node that has only an agent. */
  url: address.nullable(),
  mac: z.string().max(40).nullable(),
  wakeDestinations: z.array(z.string().max(100)).max(16),
  vramBytes: z.number().min(0).max(1e15).nullable(),
  wakeWays: z
    .array(exportedWaySchema)
    .min(1)
    .max(8)
    .default([{ kind: 'direct' }]),
  agentUrl: address.nullable().default(null),
  shutdownUrl: address.nullable().default(null),
  /** null if none was set. */
  policy: powerPolicySchema.nullable().default(null),
  /** Whether there is a password to set again; likewise for tokens and the secret of its shutdown server. */
  hasSecureOn: z.boolean(),
  hasAgentToken: z.boolean().default(false),
  hasRelayToken: z.boolean().default(false),
  hasShutdownSecret: z.boolean().default(false),
});
export type ExportedNode = z.infer<typeof exportedNodeSchema>;

export const exportedSourceSchema = z.object({
  name: nameSchema,
  path: z.string().trim().min(1).max(4096),
  embedder: embedderSchema,
  wake: z.boolean(),
  whenGpuGone: whenGpuGoneSchema,
  ignoreFiles: z.boolean().optional(),
  ignorePatterns: ignorePatternsSchema.optional(),
});
export type ExportedSource = z.infer<typeof exportedSourceSchema>;

const { fleet, gateway } = savedSettingsSchema.shape;

/** Whether the simulated fleet runs is not exported, nor a machine by its id, because ids are local. */
export const exportedSettingsSchema = savedSettingsSchema.extend({
  fleet: fleet.unwrap().omit({ simulated: true }),
  gateway: gateway.unwrap().omit({ managementNodeId: true }),
});
export type ExportedSettings = z.infer<typeof exportedSettingsSchema>;

/** The whole file. */
export const exportSchema = z.object({
  format: z.literal('pilotlight'),
  version: z.literal(EXPORT_VERSION),
  settings: exportedSettingsSchema,
  nodes: z.array(exportedNodeSchema),
  sources: z.array(exportedSourceSchema),
  /** Paths of the secret settings that are set: they are not in the file and must be set again. */
  secretsLeftOut: z.array(z.string()),
});
export type ExportDocument = z.infer<typeof exportSchema>;

export const importEntrySchema = z.object({
  /**
   * `add`, `change`: done when the import is applied. `same`: already there. `leave-out`: cannot be used here and
   * is skipped. `refuse`: is wrong in the file, and nothing can be applied until it is fixed.
   */
  action: z.enum(['add', 'change', 'same', 'leave-out', 'refuse']),
  kind: z.enum(['setting', 'node', 'folder', 'line', 'other']),
  /**
   * A setting's path, a node's name, a folder's path, the number of a line, or names of variables. A node or folder
   * without a name has its place in the file instead: `#1`.
   */
  what: z.string(),
  /** What happens, and why. */
  message: messageSchema,
});
export type ImportEntry = z.infer<typeof importEntrySchema>;

export const importPlanSchema = z.object({
  /** True if it was applied, false if it was only planned. */
  applied: z.boolean(),
  /** False while an entry is refused. */
  possible: z.boolean(),
  entries: z.array(importEntrySchema),
});
export type ImportPlan = z.infer<typeof importPlanSchema>;
