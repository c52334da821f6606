/** What an agent's answers must look like. Only what is used is asked for; the rest may grow with versions. */
import * as z from 'zod';
import { type PowerAction, powerActionSchema } from '../../../shared/models/power.ts';

const word = z.string().max(200);
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value): z.output<Schema> | null => value ?? null);

export const healthSchema = z
  .object({
    status: z.literal('ok'),
    agent: z.literal('pilotlight'),
    id: orNull(word),
    version: orNull(word),
    roles: z.array(word).max(20).default([]),
  })
  .transform(({ id, version, roles }) => ({ id, version, roles }));

export const pairedSchema = z.object({ token: z.string().regex(/^[\x21-\x7e]{8,500}$/) });

export const machineSchema = z.object({
  hostname: word,
  bootId: word.min(1),
  interfaces: z
    .array(
      z.object({
        name: word,
        mac: word,
        address: word,
        netmask: word,
        broadcast: orNull(word),
        wakeArmed: orNull(z.boolean()),
      }),
    )
    .max(200),
  ollama: z.object({
    answers: z.boolean(),
    version: orNull(word),
    startedAt: orNull(z.number()),
    gpuFound: orNull(z.boolean()),
  }),
});

export const telemetrySchema = z.object({ machine: machineSchema });

const seconds = z.number().min(0).max(1e9);
const sentence = z.string().transform((text) => text.slice(0, 500));

export const leasesSchema = z
  .object({
    leases: z
      .array(
        z.object({
          id: word,
          holder: sentence,
          purpose: sentence,
          ttlSeconds: seconds,
          remainingSeconds: seconds,
        }),
      )
      .max(1000),
  })
  .transform(({ leases }) => leases);

export const heldSchema = z.object({ id: word, remainingSeconds: seconds });
export const endedSchema = z.object({ ended: z.literal(true) });

export const policyViewSchema = z
  .object({
    bootId: word.min(1),
    wokenInThisBoot: z.boolean(),
    keptOn: z.boolean(),
    reasons: z.array(z.object({ code: word.optional(), message: sentence })).max(1000),
    idleSeconds: z.number(),
    decision: z.object({ do: z.string(), remainingMs: z.number().optional() }),
    problems: z
      .array(z.object({ code: word, message: sentence, next: sentence }))
      .max(100)
      .optional(),
  })
  .transform(({ decision, reasons, ...view }) => ({
    ...view,
    reasons: reasons.map(({ message }) => message),
    ...(reasons.some(({ code }) => code === 'RECORDS_DAMAGED') ? { incomplete: true } : {}),
    remainingMs:
      decision.do === 'go'
        ? 0
        : decision.do === 'wait' && decision.remainingMs !== undefined
          ? Math.max(0, decision.remainingMs)
          : null,
  }));

const everyAction: PowerAction[] = [...powerActionSchema.options];

export const powerSchema = z.object({
  phase: z.enum(['idle', 'countdown', 'acting']),
  current: orNull(z.object({ action: powerActionSchema, by: sentence, remainingSeconds: seconds })),
  /** An agent that does not say it refuses what it cannot do. */
  actions: z.array(powerActionSchema).max(20).default(everyAction),
  mayRestartOllama: z.boolean().default(false),
  sleepTrouble: orNull(z.object({ code: word, message: sentence, next: sentence })).catch(null),
  last: z
    .object({
      action: powerActionSchema,
      outcome: z.enum(['done', 'dry-run', 'cancelled', 'refused', 'failed', 'interrupted']),
      at: z.number(),
      reason: orNull(sentence),
      code: orNull(word).catch(null),
      next: orNull(sentence).catch(null),
    })
    .nullable()
    .default(null)
    .catch(null),
});

export const wakeSchema = z.object({ success: z.boolean(), message: sentence.default('') });
export const restartedSchema = z.object({ restarted: z.boolean() });
