/**
 * Calls between programs of one computer that have read the same token from a private file. The token is never sent:
 * the server proves first that it has it, then the call and its answer are sealed with keys that are derived from it. So
 * another program on the port of a server that has died learns nothing, and can neither change nor repeat a call.
 *
 * 1. `{nonce}` → `{challenge, proof}`
 * 2. `{challenge, sealed}` → `{sealed}`
 *
 * In zod/mini, because the agent bundles it.
 */
import * as z from 'zod/mini';

const short = z.string().check(z.minLength(1), z.maxLength(200));

export const challengeRequestSchema = z.strictObject({
  /** Random, from the client. */
  nonce: z.string().check(z.regex(/^[\w-]{20,100}$/)),
});

export const challengeSchema = z.object({
  /** For one call, within ten seconds. */
  challenge: short,
  /** HMAC-SHA256 of the nonce and the challenge, base64url. */
  proof: short,
});

export const sealedCallSchema = z.strictObject({ challenge: short, sealed: z.string() });
export const sealedAnswerSchema = z.object({ sealed: z.string() });

export type ChallengeRequest = z.output<typeof challengeRequestSchema>;
export type Challenge = z.output<typeof challengeSchema>;
export type SealedCall = z.output<typeof sealedCallSchema>;
export type SealedAnswer = z.output<typeof sealedAnswerSchema>;
