/**
 * The answers of an agent. They are read leniently, because the agent may be older or newer than its reader: unknown
 * fields are dropped, and a field that an older agent omits gets the value that stands for "not known".
 */
import * as z from 'zod/mini';
import { type PowerAction, powerActions } from '../../models/power-actions.ts';
import { listOf, orDefault, orLeftOut, orNull, seconds, sentence, unread, word } from './lenient.ts';
import type { FinishPolicy } from './requests.ts';

const troubleSchema = z.object({ code: word, message: sentence, next: sentence });

const version = z.int().check(z.minimum(1), z.maximum(1e6));

export const healthSchema = z.object({
  status: z.literal('ok'),
  agent: z.literal('pilotlight'),
  /** Stays the same across restarts. */
  id: orNull(word),
  version: orNull(word),
  roles: orDefault(listOf(word, 20), []),
  /** Versions of the protocol that it speaks; null from an agent before they were numbered. */
  protocol: z.catch(orNull(z.object({ oldest: version, newest: version })), null),
  uptimeSeconds: unread<number>(),
  /** Fields of existing shutdown servers and relays. */
  service: unread<'gpu-shutdown'>(),
  gpu_pc_reachable: unread<boolean>(),
  gpu_pc_ip: unread<string | null>(),
  /** Of the runner role: `running`, `starting`, `failed`, or `missing` for its program. Its own fields follow. */
  runner: unread<string>(),
  /** Of the worker role: how it stands with its queues, `starting`, or `missing` for its program. */
  worker: unread<string>(),
});

/** `GET /health` of whatever answers: an agent, an existing relay or shutdown server, or something else. */
export const foreignHealthSchema = z.object({
  agent: z.catch(z.optional(word), undefined),
  service: z.catch(z.optional(word), undefined),
  version: z.catch(z.nullable(word), null),
  roles: z.catch(listOf(word, 20), []),
  id: z.catch(z.nullable(word), null),
  gpu_pc_ip: z.optional(z.unknown()),
  gpu_pc_reachable: z.optional(z.unknown()),
});

const listeningSchema = unread<readonly { roles: readonly string[]; address: string; port: number }[]>();

export const pairingSchema = z.object({
  /** Six digits. */
  code: z.string(),
  /** To paste into a panel, one for each address. */
  lines: z.array(z.string()),
  secondsLeft: z.number(),
});

export const pairedSchema = z.object({
  token: z.string().check(z.regex(/^[\x21-\x7e]{8,500}$/)),
  id: unread<string>(),
  bootId: unread<string>(),
  version: unread<string>(),
  listening: listeningSchema,
});

const lease = {
  id: word,
  holder: sentence,
  purpose: sentence,
  ttlSeconds: seconds,
  remainingSeconds: seconds,
};

export const leasesSchema = z.object({
  /** One that cannot be read may be the one that keeps the machine on, so the whole list is refused then. */
  leases: z.array(z.object({ ...lease, createdAt: unread<number>() })).check(z.maxLength(1000)),
  inhibitor: unread<object>(),
});

/** The current state of a lease. */
export const heldSchema = z.object({
  id: word,
  remainingSeconds: seconds,
  holder: unread<string>(),
  purpose: unread<string>(),
  ttlSeconds: unread<number>(),
  createdAt: unread<number>(),
});

/** What each panel last reported, until it expires. */
export const trafficSchema = z.object({
  /** One that cannot be read may name the model that is in use, so the whole list is refused then. */
  traffic: z
    .array(
      z.object({
        /** Id of the panel. */
        panel: word,
        holder: sentence,
        models: z.array(z.string().check(z.maxLength(300))).check(z.maxLength(200)),
        /** Since it was reported. */
        seenSeconds: seconds,
      }),
    )
    .check(z.maxLength(200)),
});

export const endedSchema = z.object({ ended: z.literal(true) });

/** A policy as the agent keeps it. */
export interface KeptPolicy {
  panel: string;
  policy: FinishPolicy;
  helloUrl: string | null;
  /** Wall time, milliseconds; for people. */
  updatedAt: number;
}

/** One that cannot be read still keeps the machine on, so it stays in the list. */
const reasonSchema = z.catch(z.object({ code: orLeftOut(word), message: sentence }), {
  code: undefined,
  message: 'A reason that this version cannot read.',
});

export const policyViewSchema = z.object({
  bootId: word.check(z.minLength(1)),
  wokenInThisBoot: z.boolean(),
  /** Whether a person cancelled the last countdown. */
  keptOn: z.boolean(),
  /** Why the machine is on. */
  reasons: listOf(reasonSchema, 1000),
  idleSeconds: z.number(),
  /** `go`, `wait` or `stay`. */
  decision: z.object({ do: z.string(), remainingMs: orLeftOut(z.number()) }),
  /** Damaged files of the agent. */
  problems: orLeftOut(listOf(troubleSchema, 100)),
  /** The strictest of all policies. */
  effective: unread<FinishPolicy | null>(),
  policies: unread<readonly KeptPolicy[]>(),
  woken: unread<{ bootId: string; by: string; at: number } | null>(),
});

const powerActionSchema = z.enum(powerActions);
const powerPhases = ['idle', 'countdown', 'acting'] as const;
const everyAction: PowerAction[] = [...powerActions];

export const powerSchema = z.object({
  /** One that this version doesn't know is never taken for idle. */
  phase: z.pipe(
    word,
    z.transform((phase) => powerPhases.find((one) => one === phase) ?? 'acting'),
  ),
  current: z.catch(
    orNull(
      z.object({
        action: powerActionSchema,
        by: sentence,
        remainingSeconds: seconds,
        countdownSeconds: unread<number>(),
        force: unread<boolean>(),
      }),
    ),
    null,
  ),
  /** An agent that omits it refuses actions that it cannot carry out. */
  actions: orDefault(listOf(powerActionSchema, 20), everyAction),
  mayRestartOllama: orDefault(z.boolean(), false),
  /** Why a lease doesn't keep the machine from sleeping. */
  sleepTrouble: z.catch(orNull(troubleSchema), null),
  /** How the last action ended since the agent started. */
  last: z.catch(
    orNull(
      z.object({
        action: powerActionSchema,
        outcome: z.enum(['done', 'dry-run', 'cancelled', 'refused', 'failed', 'interrupted']),
        /** Milliseconds since the epoch, by the agent's clock. */
        at: z.number(),
        /** Who cancelled it, what prevents it, or what failed. */
        reason: orNull(sentence),
        code: z.catch(orNull(word), null),
        next: z.catch(orNull(sentence), null),
        by: unread<string>(),
        countdownSeconds: unread<number>(),
        force: unread<boolean>(),
      }),
    ),
    null,
  ),
});

/** For people at the machine, who see the power state and nothing else. */
export const cancelledHereSchema = z.object({ phase: z.string() });

export const restartedSchema = z.object({ restarted: z.boolean(), dryRun: unread<boolean>() });

/** Also the answer of a refusal. */
export const wakeSchema = z.object({
  success: z.boolean(),
  message: orDefault(sentence, ''),
  mac: unread<string | null>(),
  sent: unread<readonly string[]>(),
  failed: unread<readonly { destination: string; reason: string }[]>(),
});

/** The answer of existing shutdown servers. */
export const shutdownSchema = z.object({ success: z.boolean(), message: z.string() });

/** The answer of existing relays. */
export const statusSchema = z.object({
  gpu_pc: z.object({
    mac: z.nullable(z.string()),
    ip: z.nullable(z.string()),
    broadcast: z.nullable(z.string()),
    ollama_reachable: z.boolean(),
  }),
  allowed_macs: z.array(z.string()),
  broadcasts: z.array(z.string()),
});
