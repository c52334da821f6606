/** Power: wake methods, policies, leases, agents, and the current power state of a machine. */
import * as z from 'zod';
import { agentAbilities } from '../contract/agent/protocol.ts';
import { messageSchema } from './message.ts';
import { nodeStateSchema, troubleSchema } from './node-state.ts';
import { type PowerAction, powerActions } from './power-actions.ts';

/** A wake method. They are tried in the order that the person chose; if one fails, the next is used. */
export const wakeWaySchema = z.discriminatedUnion('kind', [
  /** Magic packets from this computer. */
  z.object({ kind: z.literal('direct') }),
  /** The relay role of another node's agent. */
  z.object({ kind: z.literal('agent'), nodeId: z.string().min(1).max(100) }),
  /** An existing relay: `POST /wake`, with the node's relay token if one is set. */
  z.object({ kind: z.literal('relay'), url: z.url({ protocol: /^https?$/ }).max(2000) }),
  /** A program on the computer that runs the core, with its arguments, without a shell. */
  z.object({ kind: z.literal('command'), command: z.array(z.string().min(1).max(1000)).min(1).max(50) }),
]);
export type WakeWay = z.infer<typeof wakeWaySchema>;

export const powerActionSchema = z.enum(powerActions);
export type { PowerAction };

/** Minutes since midnight in the local time of the computer that runs the core. */
const minuteOfDay = z.number().int().min(0).max(1439);

/** When a node is woken automatically, and when it may go off again. */
export const powerPolicySchema = z.object({
  /** `jobs`: for jobs and people; `people`: only when a person asks; `never`: not even then. */
  wakeFor: z.enum(['jobs', 'people', 'never']).default('jobs'),
  /** When it is idle: never, only in a boot that Pilotlight woke, or always. */
  powerOff: z.enum(['never', 'when-woken', 'always']).default('when-woken'),
  /** Minutes after it was last needed. */
  idleMinutes: z.number().int().min(1).max(1440).default(15),
  action: z.enum(['shutdown', 'sleep', 'hibernate']).default('shutdown'),
  /** Jobs do not wake it from the first minute to the second; people can. */
  quietHours: z
    .object({ from: minuteOfDay, to: minuteOfDay })
    .refine(({ from, to }) => from !== to, 'must not begin and end at the same minute')
    .nullable()
    .default(null),
  /** People who are logged in there keep it on. */
  respectUsers: z.boolean().default(true),
  /** How long a power-off can be cancelled, seconds. */
  countdownSeconds: z.number().int().min(5).max(3600).default(60),
  /** An alert when it is still on at this minute of the day. */
  stillOnAt: minuteOfDay.nullable().default(null),
  /** Its power while awake, entered by a person, for a machine that does not measure it. */
  watts: z.number().min(0).max(20_000).nullable().default(null),
});
export type PowerPolicy = z.infer<typeof powerPolicySchema>;
/** Only what changes; nothing is filled in. */
export const powerPolicyPatchSchema = z
  .strictObject(
    Object.fromEntries(
      Object.entries(powerPolicySchema.shape).map(([key, schema]) => [key, schema.unwrap()]),
    ) as {
      [Key in keyof typeof powerPolicySchema.shape]: ReturnType<
        (typeof powerPolicySchema.shape)[Key]['unwrap']
      >;
    },
  )
  .partial();
export const defaultPowerPolicy: PowerPolicy = powerPolicySchema.parse({});

/**
 * Replaces a policy that cannot be read: its readable parts apply, and the rest keeps the machine on
 * and wakes it for people only.
 */
export function safestPolicy(saved: unknown): PowerPolicy {
  const fields: Record<string, unknown> = { powerOff: 'never', wakeFor: 'people' };
  const known = typeof saved === 'object' && saved !== null ? new Map(Object.entries(saved)) : new Map();
  for (const [name, schema] of Object.entries(powerPolicySchema.shape)) {
    const field = schema.safeParse(known.get(name));
    if (known.has(name) && field.success) fields[name] = field.data;
  }
  return powerPolicySchema.parse({ ...fields, powerOff: 'never' });
}

/** A lease as it is saved: "I need this machine awake, for this purpose, until then". */
export const leaseRecordSchema = z.object({
  id: z.string(),
  nodeId: z.string(),
  /** `panel`: another panel's, or a script's, read from the machine's agent. */
  kind: z.enum(['job', 'person', 'request', 'task', 'panel']),
  /** Who: `Pilotlight on laptop`, `Ann`. */
  holder: z.string(),
  /** For what: `indexing "Notes"`, `a game`. */
  purpose: z.string(),
  createdAt: z.number(),
  /** When it ends by itself; null for one that ends with its job. */
  until: z.number().nullable(),
  endedAt: z.number().nullable(),
});
export type LeaseRecord = z.infer<typeof leaseRecordSchema>;

/** An agent that this panel no longer manages, and that may still have its policy and these leases. */
export const withdrawalSchema = z.object({
  id: z.string(),
  url: z.string(),
  /** The agent's id, if it was known. */
  agentId: z.string().nullable(),
  /** The name of the node. */
  name: z.string(),
  leases: z.array(z.string()),
  since: z.number(),
});
export type Withdrawal = z.infer<typeof withdrawalSchema>;
/** Replaces a lease that cannot be read: it lasts until a person releases it. */
export function unknownLease(known: Pick<LeaseRecord, 'id' | 'nodeId' | 'createdAt'>): LeaseRecord {
  return {
    ...known,
    kind: 'person',
    holder: 'Pilotlight',
    purpose: 'a lease whose record was damaged',
    until: null,
    endedAt: null,
  };
}

export const leaseSchema = leaseRecordSchema.omit({ endedAt: true }).extend({
  /** `here`: from this core; `elsewhere`: another panel's or a script's, read from the agent. */
  origin: z.enum(['here', 'elsewhere']),
  /** Whether the machine's own agent has it too, so that it applies even when this core is not running. */
  mirrored: z.boolean(),
});
export type Lease = z.infer<typeof leaseSchema>;

const agentViewSchema = z.object({
  url: z.string(),
  /** `unknown` before the first contact; `asleep` while its machine is; `refused`: its token is missing or wrong. */
  state: z.enum(['unknown', 'ok', 'asleep', 'unreachable', 'refused']),
  version: z.string().nullable(),
  roles: z.array(z.string()),
  /** Why it is not `ok`, and what to do. */
  trouble: troubleSchema.nullable(),
  /** Files of the agent that were damaged. Left out for none. */
  problems: z.array(troubleSchema).optional(),
  mayRestartOllama: z.boolean(),
  actions: z.array(powerActionSchema),
  /** What it can't do because it is older than this panel: `AgentAbility`. */
  missing: z.array(z.enum(agentAbilities)),
});
export type AgentView = z.infer<typeof agentViewSchema>;

/** What can power this node off. */
const powerMeansSchema = z.enum(['agent', 'server', 'simulator', 'none']);

/** Everything about a node's power: one entry of the `power` stream. */
export const nodePowerSchema = z.object({
  nodeId: z.string(),
  policy: powerPolicySchema,
  means: powerMeansSchema,
  agent: agentViewSchema.nullable(),
  leases: z.array(leaseSchema),
  /** "Why is it on?", leases first; empty while it is not on. */
  whyOn: z.array(messageSchema),
  /** Whether Pilotlight woke it in this boot; null if unknown. */
  wokenByUs: z.boolean().nullable(),
  /** Idle since; null while it is in use or not on. */
  idleSince: z.number().nullable(),
  /** When it goes off if nothing changes; null when it will not. */
  offAt: z.number().nullable(),
  /** A power-off that can still be cancelled. */
  countdown: z
    .object({
      action: powerActionSchema,
      /** null: Pilotlight itself, because the machine is idle. */
      by: z.string().nullable(),
      endsAt: z.number(),
    })
    .nullable(),
  /** It was told to power off, and is watched until it has. */
  leaving: z.object({ action: powerActionSchema, since: z.number(), deadlineAt: z.number() }).nullable(),
  /** The last failed power-off; cleared by the next one. */
  lastOffError: troubleSchema.nullable(),
  /** Ollama has no GPU there: `gpuLost` of the node, as a trouble. */
  gpuLost: troubleSchema.nullable(),
  /** A lease keeps it awake, but its system may still put it to sleep: why, and what to do. */
  sleepTrouble: troubleSchema.nullable(),
});
export type NodePower = z.infer<typeof nodePowerSchema>;

/** The states and leases of a node over a span of time; milliseconds since the epoch. */
export const powerTimelineSchema = z.object({
  from: z.number(),
  to: z.number(),
  states: z.array(z.object({ from: z.number(), to: z.number(), state: nodeStateSchema })),
  leases: z.array(
    z.object({
      from: z.number(),
      /** null while it is active. */
      to: z.number().nullable(),
      kind: leaseRecordSchema.shape.kind,
      holder: z.string(),
      purpose: z.string(),
    }),
  ),
});
export type PowerTimeline = z.infer<typeof powerTimelineSchema>;

export const energyRangeSchema = z.enum(['day', 'week', 'month']);
export type EnergyRange = z.infer<typeof energyRangeSchema>;

/** Watt-hours are null if the machine's power is neither measured nor entered. */
const nodeEnergySchema = z.object({
  nodeId: z.string(),
  awakeSeconds: z.number(),
  wattHours: z.number().nullable(),
  /** `gpu`: measured by its GPUs; `told`: the wattage that a person entered. */
  source: z.enum(['gpu', 'told', 'unknown']),
  /** Saved by sleeping instead of staying on for the whole range. */
  savedWattHours: z.number().nullable(),
  /** How that was computed. */
  how: messageSchema,
  /** Of jobs, tasks and requests, by purpose. */
  jobs: z.array(z.object({ purpose: z.string(), seconds: z.number(), wattHours: z.number().nullable() })),
});
export type NodeEnergy = z.infer<typeof nodeEnergySchema>;

export const energyReportSchema = z.object({
  from: z.number(),
  to: z.number(),
  nodes: z.array(nodeEnergySchema),
});
export type EnergyReport = z.infer<typeof energyReportSchema>;
