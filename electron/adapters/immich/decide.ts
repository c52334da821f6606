/** What happens next with a request of Immich. Pure. */
import type { PredictPlace } from '../../core/ports/immich-door.ts';

export interface Situation {
  kind: 'text' | 'picture';
  /** Runners that serve and have the models, best first, without those that failed at this request. */
  places: readonly Pick<PredictPlace, 'id' | 'here' | 'fallback'>[];
  /** Runners that failed at this request. */
  failed: number;
  /**
   * Machines that may serve it after a wake, best first. One whose wake failed a moment ago rests; `refuses` if it would
   * fail again until a person changes something.
   */
  sleepers: readonly { id: string; now: 'may-wake' | 'rests' | 'refuses' }[];
  /** No runner has one of the models. */
  isMissing: boolean;
  cpuMeanwhile: boolean;
  /** It has waited as long as it may. */
  isLate: boolean;
}

export type Step =
  /** `wake`: a machine that is woken for later requests meanwhile. */
  | { do: 'send'; to: string; wake: string | null }
  /** `wake`: null while all machines rest. */
  | { do: 'hold'; wake: string | null }
  | {
      do: 'refuse';
      why:
        | 'IMMICH_HELD_TOO_LONG'
        | 'IMMICH_WAKE_FAILED'
        | 'IMMICH_NO_RUNNER'
        | 'IMMICH_MODEL_NOWHERE'
        | 'IMMICH_RUNNER_FAILED';
    };

/** One failure is answered by another runner, a second one by this machine's CPU. */
const MOST_FAILED_ELSEWHERE = 2;

export function decide(situation: Situation): Step {
  const { kind, places, failed, sleepers, isMissing, cpuMeanwhile, isLate } = situation;
  const send = (place: { id: string }, wake: string | null = null): Step => ({
    do: 'send',
    to: place.id,
    wake,
  });
  const here = places.find((place) => place.here);
  const full = places.find(({ fallback }) => !fallback);
  const best = full ?? here ?? places[0];

  if (failed > 0) {
    const next = failed < MOST_FAILED_ELSEWHERE ? best : here;
    return next === undefined ? { do: 'refuse', why: 'IMMICH_RUNNER_FAILED' } : send(next);
  }
  if (kind === 'text' && here !== undefined) return send(here);
  if (full !== undefined) return send(full);

  const sleeper = sleepers.find(({ now }) => now === 'may-wake');
  if (kind === 'text' && best !== undefined) return send(best);
  if (sleeper === undefined) {
    if (best !== undefined) return send(best);
    // Immich gives a picture up that is refused, so it waits for the next try.
    const mayRecover = sleepers.some(({ now }) => now === 'rests');
    if (mayRecover && !isLate) return { do: 'hold', wake: null };
    if (sleepers.length > 0) return { do: 'refuse', why: 'IMMICH_WAKE_FAILED' };
    return { do: 'refuse', why: isMissing ? 'IMMICH_MODEL_NOWHERE' : 'IMMICH_NO_RUNNER' };
  }
  if (best !== undefined && (cpuMeanwhile || isLate)) return send(best, isLate ? null : sleeper.id);
  if (isLate) return { do: 'refuse', why: 'IMMICH_HELD_TOO_LONG' };
  return { do: 'hold', wake: sleeper.id };
}
