/** Credentials: who may come in. Their secrets are shown once, and saved only as digests. */
import * as z from 'zod';
import { rights } from '../rights.ts';

export const rightSchema = z.enum(rights);

/**
 * - `session`: the panel in one browser.
 * - `script`: a token for the control API, `/index/*` and `/metrics`.
 * - `program`: a key for inference and tasks. It never holds `control` or `manage`.
 */
export const credentialKindSchema = z.enum(['session', 'script', 'program']);
export type CredentialKind = z.infer<typeof credentialKindSchema>;
export type KeyKind = Exclude<CredentialKind, 'session'>;

/** Limits of a key at the gateway. Records of earlier versions have none. */
const limitsShape = {
  /** Patterns of the models it may use; null for all. */
  models: z.array(z.string().min(1).max(200)).max(100).nullable().default(null),
  /** null for no limit. */
  requestsPerMinute: z.number().int().min(1).max(100_000).nullable().default(null),
};

/** As it is saved. Times are milliseconds since the epoch. */
export const credentialRecordSchema = z.object({
  id: z.string(),
  kind: credentialKindSchema,
  name: z.string(),
  rights: z.array(rightSchema),
  /** SHA-256 of the secret, in hexadecimal; null if the record was damaged: no secret matches it. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  /** Whether a person chose the secret, instead of a random one. */
  chosen: z.boolean(),
  /** The only origin that a session may come from, `http://127.0.0.1:PORT`; null for keys. */
  origin: z.string().nullable(),
  createdAt: z.number(),
  lastUsedAt: z.number().nullable(),
  /** null for never. A session also ends when it is not used for a while. */
  expiresAt: z.number().nullable(),
  revokedAt: z.number().nullable(),
  ...limitsShape,
});
export type CredentialRecord = z.infer<typeof credentialRecordSchema>;

/** As it is shown. */
export const credentialViewSchema = z.object({
  id: z.string(),
  kind: credentialKindSchema,
  name: z.string(),
  rights: z.array(rightSchema),
  chosen: z.boolean(),
  /** The saved record could not be read: it opens nothing, and is shown until it is revoked. */
  damaged: z.boolean(),
  createdAt: z.number(),
  lastUsedAt: z.number().nullable(),
  /** When it ends if it is not used again; in the past if it has expired. null for never. */
  expiresAt: z.number().nullable(),
  ...limitsShape,
});
export type CredentialView = z.infer<typeof credentialViewSchema>;

/** The replacement of a damaged record. It keeps its place, so that a lost key is never taken for "no keys needed". */
export function damagedCredential(id: string, now: number): CredentialRecord {
  return {
    id,
    kind: 'program',
    name: 'Damaged record',
    rights: [],
    digest: null,
    chosen: false,
    origin: null,
    createdAt: now,
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
    models: null,
    requestsPerMinute: null,
  };
}

/** How the panel is opened for other devices of the network. */
export const panelNetworkWishSchema = z.strictObject({
  /** Addresses of this computer; none closes it. */
  addresses: z.array(z.string().min(1).max(60)).max(8),
  port: z.number().int().min(1).max(65_535).default(8790),
  /** `made`: with a certificate that Pilotlight makes; `own`: with that of the files. */
  tls: z.enum(['off', 'made', 'own']).default('off'),
  /** Paths of PEM files on this computer, for `own`. */
  certificateFile: z.string().trim().min(1).max(4096).nullable().default(null),
  keyFile: z.string().trim().min(1).max(4096).nullable().default(null),
  /** Names besides the addresses at which browsers open it: those of a certificate or a reverse proxy. */
  names: z
    .array(z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be a host name in lower case'))
    .max(8)
    .default([]),
});
export type PanelNetworkWish = z.infer<typeof panelNetworkWishSchema>;

export const panelNetworkSchema = z.object({
  wish: panelNetworkWishSchema,
  /** The addresses that can be chosen, with the names of their interfaces. */
  choices: z.array(z.object({ address: z.string(), name: z.string() })),
  /** Where it is open now. */
  open: z.array(z.object({ address: z.string(), url: z.string() })),
  /** What went wrong at the others. */
  problems: z.array(z.object({ address: z.string(), code: z.string(), message: z.string() })),
  /** SHA-256 of the certificate in use, in pairs of hexadecimal digits; null without TLS. */
  fingerprint: z.string().nullable(),
});
export type PanelNetworkView = z.infer<typeof panelNetworkSchema>;
