/**
 * What an agent answers. Read leniently, for it may be older or newer than its reader: fields that are not known are
 * dropped, and a field that an older agent leaves out has the value that stands for "it does not say".
 */
import * as z from 'zod/mini';
import { type PowerAction, powerActions } from '../../models/power-actions.ts';
import { orNull, seconds, sentence, unread, word } from './lenient.ts';
import type { FinishPolicy } from './requests.ts';

const troubleSchema = z.object({ code: word, message: sentence, next: sentence });

export const healthSchema = z.object({
  status: z.literal('ok'),
  agent: z.literal('pilotlight'),
  /** Stable over restarts. */
  id: orNull(word),
  version: orNull(word),
  roles: z._default(z.array(word).check(z.maxLength(20)), []),
  uptimeSeconds: unread<number>(),
  /** As existing shutdown servers and relays have them. */
  service: unread<'gpu-shutdown'>(),
  gpu_pc_reachable: unread<boolean>(),
  gpu_pc_ip: unread<string | null>(),
});

/** `GET /health` of whatever answers: an agent, an existing relay or shutdown server, or something else. */
export const foreignHealthSchema = z.object({
  agent: z.catch(z.optional(word), undefined),
  service: z.catch(z.optional(word), undefined),
  version: z.catch(z.nullable(word), null),
  roles: z.catch(z.array(word).check(z.maxLength(20)), []),
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
  leases: z.array(z.object({ ...lease, createdAt: unread<number>() })).check(z.maxLength(1000)),
  inhibitor: unread<object>(),
});

/** One lease as it is now. */
export const heldSchema = z.object({
  id: word,
  remainingSeconds: seconds,
  holder: unread<string>(),
  purpose: unread<string>(),
  ttlSeconds: unread<number>(),
  createdAt: unread<number>(),
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

export const policyViewSchema = z.object({
  bootId: word.check(z.minLength(1)),
  wokenInThisBoot: z.boolean(),
  /** A person cancelled the last countdown. */
  keptOn: z.boolean(),
  /** Why it is on. */
  reasons: z.array(z.object({ code: z.optional(word), message: sentence })).check(z.maxLength(1000)),
  idleSeconds: z.number(),
  /** `go`, `wait` or `stay`. */
  decision: z.object({ do: z.string(), remainingMs: z.optional(z.number()) }),
  /** Files of the agent that were damaged. */
  problems: z.optional(z.array(troubleSchema).check(z.maxLength(100))),
  /** The strictest of all policies. */
  effective: unread<FinishPolicy | null>(),
  policies: unread<readonly KeptPolicy[]>(),
  woken: unread<{ bootId: string; by: string; at: number } | null>(),
});

const powerActionSchema = z.enum(powerActions);
const everyAction: PowerAction[] = [...powerActions];

export const powerSchema = z.object({
  phase: z.enum(['idle', 'countdown', 'acting']),
  current: orNull(
    z.object({
      action: powerActionSchema,
      by: sentence,
      remainingSeconds: seconds,
      countdownSeconds: unread<number>(),
      force: unread<boolean>(),
    }),
  ),
  /** An agent that does not say refuses what it cannot do. */
  actions: z._default(z.array(powerActionSchema).check(z.maxLength(20)), everyAction),
  mayRestartOllama: z._default(z.boolean(), false),
  /** Why a lease doesn't keep the machine from sleeping. */
  sleepTrouble: z.catch(orNull(troubleSchema), null),
  /** How the last action of this run of the agent ended. */
  last: z.catch(
    orNull(
      z.object({
        action: powerActionSchema,
        outcome: z.enum(['done', 'dry-run', 'cancelled', 'refused', 'failed', 'interrupted']),
        /** Milliseconds since the epoch, by the agent's clock. */
        at: z.number(),
        /** Who cancelled, what speaks against it, what failed. */
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

/** What people at the machine get, who see the state of power and no more. */
export const cancelledHereSchema = z.object({ phase: z.string() });

export const restartedSchema = z.object({ restarted: z.boolean(), dryRun: unread<boolean>() });

/** Of a refusal, too. */
export const wakeSchema = z.object({
  success: z.boolean(),
  message: z._default(sentence, ''),
  mac: unread<string | null>(),
  sent: unread<readonly string[]>(),
  failed: unread<readonly { destination: string; reason: string }[]>(),
});

/** As existing shutdown servers answer. */
export const shutdownSchema = z.object({ success: z.boolean(), message: z.string() });

/** As existing relays answer. */
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
