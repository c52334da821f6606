/** Goes the ways of one wake: the next when one fails, and in addition when the machine stays silent. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { PacketRound } from './packets.ts';
import { repeatAtMs } from './wake-plan.ts';

export interface WakeRunOptions {
  clock: Clock;
  log: Log;
  /** What the machine is called. */
  name: string;
  /** In the person's order, at least one. */
  ways: readonly WakeWay[];
  describe(way: WakeWay): Message;
  /** Goes a way once; rejects when it did not work. */
  send(way: WakeWay, signal: AbortSignal): Promise<PacketRound>;
  /** How long a way that worked is left alone with a machine that stays silent. */
  followAfterMs: number;
  /** Something answered there since: no other way is needed. */
  answers(): boolean;
  /** Resolves at once, or when this computer is awake again. */
  awake(signal: AbortSignal): Promise<void>;
  /** What was tried so far; `round` where something was sent just now. */
  onProgress(ways: WakeProgress['ways'], round: PacketRound | null): void;
  /** A way worked. */
  onWorked(): void;
}

/**
 * Resolves when the last way was gone, or something answers; those that worked are repeated until the signal aborts.
 * Rejects when none worked: with the error of the only way, or WAKE_FAILED.
 */
export async function goThroughWays(options: WakeRunOptions, signal: AbortSignal): Promise<void> {
  const { clock, ways, answers, awake, followAfterMs } = options;
  const tried: WakeProgress['ways'] = [];
  const errors: unknown[] = [];
  const tell = (round: PacketRound | null = null) => options.onProgress([...tried], round);
  let worked = false;

  for (const [index, way] of ways.entries()) {
    await awake(signal);
    tried.push({ way: options.describe(way), failed: null });
    const fail = (failed: Message) => {
      tried[index] = { way: options.describe(way), failed };
      tell();
    };
    tell();
    const startedAt = clock.monotonic();
    try {
      tell(await options.send(way, signal));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      errors.push(error);
      fail(isPilotlightError(error) ? errorMessage(error) : plainText(String(error)));
      continue;
    }
    worked = true;
    options.onWorked();
    void repeat(options, way, startedAt, (round) => tell(round), signal);
    if (index === ways.length - 1) return;
    await clock.sleep(followAfterMs, signal);
    await awake(signal);
    if (answers()) return;
    fail(fact('NOTHING_ANSWERED', { ms: followAfterMs }));
  }
  if (worked) return;
  if (errors.length === 1) throw errors[0];
  throw new PilotlightError('WAKE_FAILED', {
    message: fact('NO_METHOD_WORKED', { node: options.name }),
    next: fact('FIX_ONE_METHOD'),
    details: { ways: tried },
  });
}

/** A command was asked once; packets and relays are asked again, for one packet may get lost. */
async function repeat(
  { clock, log, send, awake }: WakeRunOptions,
  way: WakeWay,
  startedAt: number,
  sent: (round: PacketRound) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let index = 1; ; index += 1) {
      const at = repeatAtMs(way.kind, index);
      if (at === null) return;
      await clock.sleep(Math.max(0, startedAt + at - clock.monotonic()), signal);
      await awake(signal);
      try {
        const round = await send(way, signal);
        signal.throwIfAborted();
        sent(round);
      } catch (error) {
        signal.throwIfAborted();
        // It worked before; that it does not now ends nothing.
        log.debug('A wake method could not be repeated.', { method: way.kind, error: String(error) });
      }
    }
  } catch (error) {
    if (!signal.aborted) log.warn('A wake could not be repeated.', { error: String(error) });
  }
}
