/** Methods of keys and sessions. */
import * as z from 'zod';
import {
  credentialViewSchema,
  panelNetworkSchema,
  panelNetworkWishSchema,
  rightSchema,
} from '../models/access.ts';
import { done, type MethodDefinition, nothing } from './definition.ts';

const keyId = z.string().min(1).max(100);
const keyKind = z.enum(['script', 'program']);

/** Control characters, and invisible ones that change how the text around them reads. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const keyName = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .refine((name) => !invisible.test(name), 'it contains control or invisible characters');

const newSecret = z.object({
  key: credentialViewSchema,
  /** Shown only here: it is saved as a digest. */
  secret: z.string(),
});

export const accessMethods = {
  'access.caller': {
    summary:
      'Get the credential that this call was sent with; null for the desktop window and the command line.',
    scope: 'view',
    params: nothing,
    result: z.object({ credential: credentialViewSchema.nullable(), rights: z.array(rightSchema) }),
    errors: [],
  },
  'access.keys': {
    summary: 'List the keys of scripts and programs, without their secrets.',
    scope: 'manage',
    params: nothing,
    result: z.array(credentialViewSchema),
    errors: [],
  },
  'access.addKey': {
    summary:
      'Create a key. Its secret is in the result and never shown again. Rights by default: view and tasks for a script, infer, wake and tasks for a program.',
    scope: 'manage',
    params: z.strictObject({
      name: keyName,
      kind: keyKind.default('script'),
      rights: z.array(rightSchema).min(1).max(6).optional(),
      /** Patterns of the models that it may use through the gateway; null for all. */
      models: z.array(z.string().trim().min(1).max(200)).min(1).max(100).nullable().default(null),
      /** Through the gateway; null for no limit. */
      requestsPerMinute: z.number().int().min(1).max(100_000).nullable().default(null),
      /** null for a key that does not expire. */
      expiresInDays: z.number().int().min(1).max(3650).nullable().default(null),
    }),
    result: newSecret,
    errors: ['ALREADY_EXISTS', 'BAD_RIGHTS', 'TOO_MANY_KEYS', 'DISK_FULL'],
  },
  'access.rotateKey': {
    summary: 'Replace the secret of a key. The old one stops working at once.',
    scope: 'manage',
    params: z.strictObject({ keyId }),
    result: newSecret,
    errors: ['NOT_FOUND', 'DISK_FULL'],
  },
  'access.revokeKey': {
    summary: 'Revoke a key. What is open with it is closed at once.',
    scope: 'manage',
    params: z.strictObject({ keyId }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'access.sessions': {
    summary: 'List the browsers that are signed in to the panel.',
    scope: 'manage',
    params: nothing,
    result: z.array(credentialViewSchema),
    errors: [],
  },
  'access.revokeSession': {
    summary: 'Sign a browser out, in all its tabs.',
    scope: 'manage',
    params: z.strictObject({ sessionId: keyId }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'access.revokeOtherSessions': {
    summary: 'Sign out every browser except the one that asks. Answers how many.',
    scope: 'manage',
    params: nothing,
    result: z.object({ revoked: z.number() }),
    errors: [],
  },
  'access.network': {
    summary:
      'Get at which addresses of this computer the panel can be opened from other devices. None by default.',
    scope: 'manage',
    params: nothing,
    result: panelNetworkSchema,
    errors: [],
  },
  'access.setNetwork': {
    summary: 'Open the panel for other devices at some addresses of this computer, or close it.',
    scope: 'manage',
    params: panelNetworkWishSchema,
    result: panelNetworkSchema,
    errors: ['BAD_ADDRESS', 'BAD_CERTIFICATE', 'PORT_IN_USE', 'DISK_FULL'],
  },
  'access.pair': {
    summary: 'Get an address that signs one device in, once, within five minutes. For a QR code.',
    scope: 'manage',
    params: z.strictObject({ address: z.string().min(1).max(60) }),
    result: z.object({ url: z.string(), expiresAt: z.number() }),
    errors: ['NOT_FOUND'],
  },
} as const satisfies Record<string, MethodDefinition>;
