/** Serves the predictions of Immich with the runners behind the door: sends, holds, tries again, refuses. */
import type {
  DoorBackend,
  DoorRules,
  DoorState,
  DoorWake,
  PredictNeed,
  PredictPlace,
} from '../../core/ports/immich-door.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import { decide } from './decide.ts';
import { forward, NotReached } from './forward.ts';
import { type DoorAnswer, refused } from './refusals.ts';
import { createWakes, type Joined, type WakeFailure } from './wakes.ts';

export interface Prediction {
  need: PredictNeed;
  contentType: string;
  body: Buffer;
  /** When it arrived, monotonic. */
  arrivedAt: number;
  /** Its client left, or the door closes. */
  signal: AbortSignal;
}

export interface Predictions {
  /** Rejects with a DoorRefusal, or with the signal's reason. */
  predict(prediction: Prediction): Promise<DoorAnswer>;
  /** Sends a request that no runner can serve to another machine learning of Immich. Rejects in the same way. */
  elsewhere(
    request: { url: string } & Pick<Prediction, 'contentType' | 'body' | 'signal'>,
  ): Promise<DoorAnswer>;
  state(): Omit<DoorState, 'bytes'>;
  stop(): void;
}

export interface PredictionsOptions {
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  backend: DoorBackend;
  rules(): DoorRules;
  onChange(): void;
  onMissing(graph: string): void;
  onWake(wake: DoorWake): void;
  log(message: string, details: Record<string, unknown>): void;
}

const stateOf = (failure: WakeFailure | null) =>
  failure === null ? 'may-wake' : failure.isFinal ? 'refuses' : 'rests';

const notJoined: { id: string | null; wake: Joined } = {
  id: null,
  wake: { isOver: () => false, [Symbol.dispose]() {} },
};

export function createPredictions(options: PredictionsOptions): Predictions {
  const { clock, backend, rules, onChange, onMissing, log } = options;
  const wakes = createWakes({
    clock,
    backend,
    onWake(wake) {
      options.onWake(wake);
      onChange();
      checkAll();
    },
  });
  const waiting = new Set<() => void>();
  const reported = new Set<string>();
  let held = 0;
  let working = 0;
  const checkAll = () => {
    for (const check of [...waiting]) check();
  };
  const stopChanges = backend.onChange(checkAll);

  function reportMissing(need: PredictNeed): boolean {
    const missing = backend.missing(need);
    for (const graph of missing) {
      if (reported.has(graph)) continue;
      reported.add(graph);
      onMissing(graph);
    }
    return missing.length > 0;
  }

  async function send(place: PredictPlace, { contentType, body, signal }: Prediction): Promise<DoorAnswer> {
    using _ = place.begin();
    working += 1;
    onChange();
    try {
      const answer = await forward({ place, contentType, body, clock, signal });
      place.ended(true);
      return answer;
    } catch (error) {
      if (!signal.aborted) place.ended(false);
      throw error;
    } finally {
      working -= 1;
      onChange();
    }
  }

  async function elsewhere({
    url,
    ...request
  }: Parameters<Predictions['elsewhere']>[0]): Promise<DoorAnswer> {
    working += 1;
    onChange();
    try {
      return await forward({ place: { url, token: null }, ...request, clock });
    } catch (error) {
      request.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      log('Immich’s own machine learning failed at a request for text in a picture.', { url, error: reason });
      throw refused('IMMICH_OCR_FAILED', reason);
    } finally {
      working -= 1;
      onChange();
    }
  }

  /** Resolves when the runners may have changed, a wake has ended, or it is late. Rejects only with the signal's reason. */
  function change(lateInMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      function end(how: () => void): void {
        timer.cancel();
        waiting.delete(check);
        signal.removeEventListener('abort', abort);
        how();
      }
      const check = () => end(resolve);
      const abort = () => end(() => reject(signal.reason));
      const timer: Timer = clock.timer(lateInMs, check);
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      waiting.add(check);
    });
  }

  async function predict(prediction: Prediction): Promise<DoorAnswer> {
    const { need, arrivedAt, signal } = prediction;
    const failedAt = new Set<string>();
    /** Runners that no longer answer: their machines fell asleep a moment ago. */
    const away = new Set<string>();
    /** Machines that woke, and still do not serve it. */
    const useless = new Set<string>();
    let failure: string | null = null;
    let joined = notJoined;
    let isHeld = false;
    const hold = (now: boolean) => {
      if (isHeld === now) return;
      isHeld = now;
      held += now ? 1 : -1;
      onChange();
    };
    const leave = () => {
      joined.wake[Symbol.dispose]();
      joined = notJoined;
    };
    try {
      for (;;) {
        signal.throwIfAborted();
        const places = backend.places(need).filter(({ id }) => !failedAt.has(id) && !away.has(id));
        const sleepers = backend.sleepers(need).filter(({ id }) => !useless.has(id));
        const lateInMs = arrivedAt + rules().holdMs - clock.monotonic();
        const step = decide({
          kind: need.kind,
          places,
          failed: failedAt.size,
          sleepers: sleepers.map(({ id }) => ({ id, now: stateOf(wakes.failure(id)) })),
          isMissing: reportMissing(need),
          cpuMeanwhile: rules().cpuMeanwhile,
          isLate: lateInMs <= 0,
        });
        if (step.do === 'refuse') {
          const why = sleepers.map(({ id }) => wakes.failure(id)).find((one) => one !== null);
          throw refused(step.why, step.why === 'IMMICH_WAKE_FAILED' ? (why?.reason ?? null) : failure);
        }
        if (step.do === 'send') {
          hold(false);
          const place = places.find(({ id }) => id === step.to);
          const sleeper = sleepers.find(({ id }) => id === step.wake);
          if (sleeper !== undefined) wakes.begin(sleeper);
          if (place === undefined) continue;
          try {
            return await send(place, prediction);
          } catch (error) {
            signal.throwIfAborted();
            failure = `${place.name}: ${error instanceof Error ? error.message : String(error)}`;
            (error instanceof NotReached ? away : failedAt).add(place.id);
            log('A runner failed at a request of Immich.', { runner: place.name, error: failure });
          }
          continue;
        }
        if (step.wake === null) {
          leave();
          hold(true);
          const rests = sleepers.map(({ id }) => wakes.failure(id)?.restMs ?? 0);
          await change(Math.min(lateInMs, ...rests), signal);
          continue;
        }
        const machine = sleepers.find(({ id }) => id === step.wake);
        if (machine === undefined) continue;
        if (joined.id !== machine.id) {
          leave();
          joined = { id: machine.id, wake: wakes.join(machine) };
        }
        hold(true);
        await change(lateInMs, signal);
        away.clear();
        if (!joined.wake.isOver()) continue;
        const { id } = machine;
        const serves = backend.places(need).some((place) => place.id === id);
        // Awake without the model: others are tried instead. A wake that failed rests by itself.
        if (!serves && wakes.failure(id) === null) useless.add(id);
        else if (!serves) leave();
      }
    } finally {
      hold(false);
      leave();
    }
  }

  return {
    predict,
    elsewhere,
    state: () => ({ held, working, lastWake: wakes.last() }),
    stop() {
      stopChanges();
      wakes.stop();
    },
  };
}
