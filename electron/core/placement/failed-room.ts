/** What used the VRAM when a move to the GPU failed for want of it. */
import { fact, type Message } from '../../../shared/models/message.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { measureRoom } from './decide-move.ts';
import { foreignUse } from './holders.ts';
import type { MoveDependencies, MoveRequest, MoveResult, Snapshot } from './move.ts';
import { shortageMessage } from './move-message.ts';
import { takeSnapshot } from './snapshot.ts';

type Failed = Pick<MoveResult, 'outcome' | 'code' | 'reason' | 'error'>;

/** Tools answer within a few seconds; the models that the move unloaded are not loaded again before. */
const READ_MS = 6000;
const shortageCodes: ReadonlySet<string | null> = new Set(['OUT_OF_MEMORY', 'DOES_NOT_FIT']);

/** Adds what uses the VRAM to a failure for want of it, read before anything is restored. Never rejects. */
export async function explainShortage<Result extends Failed>(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Snapshot,
  result: Result,
): Promise<Result & Pick<MoveResult, 'shortage'>> {
  if (!shortageCodes.has(result.code)) return result;
  try {
    const [now, described] = await withDeadline(deps.clock, READ_MS, deps.restoreSignal, (limited) =>
      Promise.all([
        takeSnapshot(deps, request, limited),
        request.server.describe(request.model, limited).catch(() => null),
      ]),
    );
    // It may not be loaded any more, so its size is the one from before.
    const lastSizeBytes = before.current?.sizeBytes ?? deps.lastSizeBytes;
    const room = measureRoom({ lastSizeBytes, inFlight: deps.inFlight }, request, now, described);
    if (room.kind === 'taken' || room.kind === 'too-large') {
      const { shortage } = room;
      return {
        ...result,
        shortage,
        reason: both(result.reason, shortageMessage(request.node.name, shortage)),
      };
    }
    const holders = foreignUse(now.gpus, now.loaded)?.holders ?? [];
    if (holders.length === 0) return result;
    return { ...result, reason: both(result.reason, fact('VRAM_USED_BY', { holders })) };
  } catch {
    return result;
  }
}

const both = (one: Message, other: Message) => fact('SENTENCES', { parts: [one, other] });
