/** The requests of an agent. They are strict, because a misspelled field must not power a machine off. */
import * as z from 'zod/mini';
import { powerActions } from '../../models/power-actions.ts';
import { fields, flag, integer, listOf, oneOf, text, webUrl } from './wanted.ts';

/** The id of a lease or a panel, in a path. */
export const idSchema = text(128, /^[\w.:-]+$/, 'a text of 1 to 128 letters, digits and . _ : -');

export const leaseRequestSchema = fields({
  holder: text(200),
  purpose: text(200),
  ttlSeconds: integer(1, 86_400),
});

/** The models that a panel's requests on this machine use now; an empty list for none. */
export const trafficRequestSchema = fields({
  holder: text(200),
  models: listOf(text(300), 200),
  ttlSeconds: integer(1, 600),
});

export const powerRequestSchema = fields({
  action: oneOf(powerActions),
  countdownSeconds: z._default(integer(0, 3600), 0),
  /** Carry it out although the machine is in use. */
  force: z._default(flag(), false),
  /** Who asks; shown to people. */
  by: z._default(text(200), 'a panel'),
});

/** Without a body, all fields are omitted. */
const bodyOrNone = <Body extends object>() =>
  z.transform((value: Body | null | undefined): Body => value ?? ({} as Body));

export const byRequestSchema = z.pipe(
  bodyOrNone<{ by?: string | undefined }>(),
  fields({ by: z._default(text(200), 'a panel') }),
);

export const cancelHereRequestSchema = fields({
  /** The key of the running countdown. */
  key: text(64),
  by: z._default(text(200), 'a person at the machine'),
});

/** "Pilotlight woke the machine in this boot." */
export const wokenRequestSchema = fields({ bootId: text(128), by: z._default(text(200), 'Pilotlight') });

const policyFields = {
  /** Whether the agent may power the machine off by itself. */
  finishAlone: flag(),
  /** Only in a boot in which Pilotlight woke the machine. */
  onlyIfWoken: z._default(flag(), true),
  /** Minutes without leases, busy GPU or other users before it powers off. */
  idleMinutes: z._default(integer(1, 1440), 15),
  action: z._default(oneOf(['shutdown', 'sleep', 'hibernate']), 'shutdown'),
  /** Whether people who are logged in keep it on. */
  respectUsers: z._default(flag(), true),
  /** The length of the countdown, during which anybody can cancel. */
  countdownSeconds: z._default(integer(5, 3600), 60),
};

/** Where the agent announces to the panel that the machine is awake; null for nowhere. */
export const helloUrlSchema = z._default(z.nullable(webUrl(2000)), null);
export const policySchema = fields(policyFields);
export const policyRequestSchema = fields({ ...policyFields, helloUrl: helloUrlSchema });

/** The six-digit code, or the secret of a pairing line. */
export const pairRequestSchema = fields({ code: text(64), panel: text(200) });

/** null for the one machine that the relay knows. */
export const wakeRequestSchema = z.pipe(
  bodyOrNone<{ mac?: string | null | undefined }>(),
  fields({ mac: z._default(z.nullable(text(32)), null) }),
);

export type LeaseRequest = z.output<typeof leaseRequestSchema>;
export type TrafficRequest = z.output<typeof trafficRequestSchema>;
export type PowerRequest = z.output<typeof powerRequestSchema>;
export type FinishPolicy = z.output<typeof policySchema>;
