/** How an agent says that it is updated, and what a panel sends to update it. Since version 2 of the protocol. */
import * as z from 'zod/mini';
import { MOST_MANIFEST_BYTES } from '../../models/update-manifest.ts';
import { listOf, orDefault, orLeftOut, orNull, sentence, word } from './lenient.ts';
import { fields, text } from './wanted.ts';

/**
 * `panel`: by a panel, from a signed release. The others only say how: `package` (of the system), `container`, `script`
 * (`agent.mjs` with a Node of its own), `source` (its files), `host` (the program that it is a part of).
 */
export const agentUpdateWays = ['panel', 'package', 'container', 'script', 'source', 'host'] as const;
export type AgentUpdateWay = (typeof agentUpdateWays)[number];

/** Bytes of one part of a file. */
export const UPDATE_PART_BYTES = 512 * 1024;
export const updatePartType = 'application/octet-stream';

const bytes = z.number().check(z.minimum(0), z.maximum(1e13));
const reasonSchema = z.object({ code: orLeftOut(word), message: sentence });

/** `GET /v1/update`, and the answer of everything that changes it. */
export const updateStateSchema = z.object({
  version: word,
  os: word,
  arch: word,
  /** One of `agentUpdateWays`; a newer agent may have more. */
  way: word,
  /** `idle`, `receiving`, `ready` (all of it is there, and verified) or `starting`. */
  state: word,
  /** The version that is being received, or is ready. */
  next: orNull(z.object({ version: word, size: bytes, received: bytes })),
  /** The version that it goes back to if the running one fails; null for none. */
  previous: orNull(word),
  /** How the last update ended. `outcome`: `updated`, `rolled-back` or `failed`. */
  last: orNull(
    z.object({
      version: word,
      from: word,
      outcome: word,
      /** Why it was not `updated`. */
      code: orNull(word),
      /** The agent's wall time. */
      at: z.number(),
    }),
  ),
  /** Why it doesn't start a new version now: leases, work, a power action. */
  busy: orDefault(listOf(reasonSchema, 1000), []),
});

/** A release: the manifest's exact text, and its signature. */
export const updateOfferSchema = fields({
  manifest: z.string({ error: 'a text' }).check(z.minLength(1), z.maxLength(MOST_MANIFEST_BYTES)),
  signature: z.string({ error: 'a text' }).check(z.minLength(1), z.maxLength(200)),
});
/** Of the version that is ready. */
export const updateStartSchema = fields({ version: text(100), by: z._default(text(200), 'a panel') });
