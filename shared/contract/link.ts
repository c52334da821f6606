/** The messages on a link, the same over a MessagePort and over a WebSocket (there as JSON text). */
import * as z from 'zod';
import { wireErrorSchema } from './errors.ts';
import { cursorSchema, frameSchema } from './streams.ts';

export { bearerProtocol, callPath, exchangePath, linkProtocol, streamPath } from './link-names.ts';

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

/** `POST /api/session {token}` with the one-time token → a bearer for this tab. */
export const exchangeRequestSchema = z.object({ token: z.string().min(1).max(200) });
export const exchangeResultSchema = z.object({ bearer: z.string() });
