/** What a move would do, before it is done. */
import * as z from 'zod';
import { messageSchema } from './message.ts';
import { placementSchema } from './placement.ts';

/** Requests that wait while the move lasts. */
export const waitingUseSchema = z.object({
  /** As its server names it. */
  model: z.string(),
  /** Answered on this node now; the move waits for them first. */
  inFlight: z.number(),
  /** Waiting at the gateway now. */
  queued: z.number(),
  /** Ended on this node lately, a minute; null if nothing counts them. */
  perMinute: z.number().nullable(),
  /** The programs behind them, as they name themselves, or the name of their key. */
  programs: z.array(z.string()),
});
export type WaitingUse = z.infer<typeof waitingUseSchema>;

export const movePreviewSchema = z.object({
  nodeId: z.string(),
  nodeName: z.string(),
  model: z.string(),
  target: z.enum(['gpu', 'cpu']),
  from: placementSchema.nullable(),
  /** `move`, or why nothing would be done. */
  outcome: z.enum(['move', 'already-right', 'refused', 'failed']),
  /** Why nothing would be done; null for a move. */
  code: z.string().nullable(),
  reason: messageSchema.nullable(),
  /** Models that are unloaded for it. */
  evicts: z.array(z.object({ model: z.string(), vramBytes: z.number() })),
  /** VRAM, bytes; null for a move to the CPU, and where it is unknown. */
  room: z
    .object({
      neededBytes: z.number(),
      /** Whether the size was measured with the model loaded, instead of computed. */
      measured: z.boolean(),
      /** Left free when it is loaded; negative for what is missing. */
      spareBytes: z.number(),
    })
    .nullable(),
  /** How long it takes once the requests have finished; null if nothing is known. */
  duration: z
    .discriminatedUnion('by', [
      /** As long as this model usually took here. */
      z.object({ by: z.literal('loads'), ms: z.number(), loads: z.number() }),
      /** By its size, at an assumed speed. */
      z.object({ by: z.literal('size'), ms: z.number(), bytesPerSecond: z.number() }),
    ])
    .nullable(),
  /** The model, then those that are unloaded. */
  waits: z.array(waitingUseSchema),
  /** What other panels use of these models; null if other panels are unknown. */
  otherPanels: z
    .array(z.object({ holder: z.string(), models: z.array(z.string()), seenSeconds: z.number() }))
    .nullable(),
  /** What a person should know before. */
  warnings: z.array(messageSchema),
});
export type MovePreview = z.infer<typeof movePreviewSchema>;
