/** The messages on a link, the same over a MessagePort and over a WebSocket (there as JSON text). */
import * as z from 'zod';
import { wireErrorSchema } from './errors.ts';
import { cursorSchema, frameSchema } from './streams.ts';

export {
  bearerProtocol,
  callPath,
  exchangePath,
  linkProtocol,
  localPaths,
  mostMessageBytes,
  proofPath,
  signedOutCode,
  streamPath,
} from './link-names.ts';

const id = z.number().int().nonnegative();

export const clientMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id, method: z.string().max(200), params: z.unknown() }),
  /** Aborts a call, or ends a subscription. */
  z.object({ type: z.literal('cancel'), id }),
  z.object({
    type: z.literal('subscribe'),
    id,
    stream: z.string().max(200),
    cursor: cursorSchema.nullable(),
  }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('result'), id, result: z.unknown() }),
  z.object({ type: z.literal('error'), id, error: wireErrorSchema }),
  z.object({ type: z.literal('frame'), id, frame: frameSchema }),
  /** The stream ends, because the core is stopping. */
  z.object({ type: z.literal('end'), id }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/** `POST /api/session {token}` with the one-time token → the bearer and the id of this browser's session. */
export const exchangeRequestSchema = z.union([
  z.object({ token: z.string().min(1).max(200) }),
  /** The bearer of a tab of an earlier version. */
  z.object({ earlierBearer: z.string().min(1).max(300) }),
]);
export const exchangeResultSchema = z.object({ bearer: z.string(), session: z.string() });

/** `POST /api/session/proof` → the core's proof that it is the one that this browser signed in to. */
export const proofRequestSchema = z.object({
  session: z.string().min(1).max(100),
  nonce: z.string().regex(/^[0-9a-f]{32,128}$/),
});
export const proofResultSchema = z.object({ proof: z.string() });
/** What is sealed in a local call: a method of the contract, an address that opens the panel once, or the path of a
 * private page that opens such an address. */
export const localCallSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('call'), method: z.string().max(200), params: z.unknown() }),
  z.object({ do: z.literal('open') }),
  z.object({ do: z.literal('page'), place: z.enum(['private', 'downloads']) }),
]);
export type LocalCall = z.infer<typeof localCallSchema>;

export const localAnswerSchema = z.union([
  z.object({ error: wireErrorSchema }),
  z.object({ result: z.unknown() }),
]);
export type LocalAnswer = z.infer<typeof localAnswerSchema>;
