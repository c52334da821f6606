/** Tries the wake methods of one wake: the next one when a method fails or the machine stays silent. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { PacketRound } from './packets.ts';
import { repeatAtMs } from './wake-plan.ts';

export interface WakeMethodsOptions {
  clock: Clock;
  log: Log;
  /** The name of the machine. */
  name: string;
  /** At least one, in the configured order. */
  methods: readonly WakeWay[];
  describe(method: WakeWay): Message;
  /** Uses a method once; rejects if it failed. */
  send(method: WakeWay, signal: AbortSignal): Promise<PacketRound>;
  /** How long to wait for the machine after a method worked before trying the next one too, milliseconds. */
  nextMethodAfterMs: number;
  /** Whether the machine has answered, so that no other method is needed. */
  answers(): boolean;
  /** Resolves at once, or when this computer has resumed from sleep. */
  awake(signal: AbortSignal): Promise<void>;
  /** Called with the methods tried so far; `round` is what was just sent, if anything. */
  onProgress(methods: WakeProgress['ways'], round: PacketRound | null): void;
  /** Called when a method worked. */
  onWorked(): void;
}

/**
 * Resolves when the last method was used, or the machine answers. Methods that worked are repeated until the signal
 * aborts. Rejects if none worked: with the error of the only method, or WAKE_FAILED.
 */
export async function tryWakeMethods(options: WakeMethodsOptions, signal: AbortSignal): Promise<void> {
  const { clock, methods, answers, awake, nextMethodAfterMs } = options;
  const tried: WakeProgress['ways'] = [];
  const errors: unknown[] = [];
  const report = (round: PacketRound | null = null) => options.onProgress([...tried], round);
  let worked = false;

  for (const [index, method] of methods.entries()) {
    await awake(signal);
    tried.push({ way: options.describe(method), failed: null });
    const fail = (failed: Message) => {
      tried[index] = { way: options.describe(method), failed };
      report();
    };
    report();
    const startedAt = clock.monotonic();
    try {
      report(await options.send(method, signal));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      errors.push(error);
      fail(isPilotlightError(error) ? errorMessage(error) : plainText(String(error)));
      continue;
    }
    worked = true;
    options.onWorked();
    void repeat(options, method, startedAt, (round) => report(round), signal);
    if (index === methods.length - 1) return;
    await clock.sleep(nextMethodAfterMs, signal);
    await awake(signal);
    if (answers()) return;
    fail(fact('NOTHING_ANSWERED', { ms: nextMethodAfterMs }));
  }
  if (worked) return;
  if (errors.length === 1) throw errors[0];
  throw new PilotlightError('WAKE_FAILED', {
    message: fact('NO_METHOD_WORKED', { node: options.name }),
    next: fact('FIX_ONE_METHOD'),
    details: { ways: tried },
  });
}

/** Sends packets and asks relays again, because a packet may get lost. A command runs once. */
async function repeat(
  { clock, log, send, awake }: WakeMethodsOptions,
  method: WakeWay,
  startedAt: number,
  sent: (round: PacketRound) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let index = 1; ; index += 1) {
      const at = repeatAtMs(method.kind, index);
      if (at === null) return;
      await clock.sleep(Math.max(0, startedAt + at - clock.monotonic()), signal);
      await awake(signal);
      try {
        const round = await send(method, signal);
        signal.throwIfAborted();
        sent(round);
      } catch (error) {
        signal.throwIfAborted();
        // It worked before, so the wake continues.
        log.debug('A wake method could not be repeated.', { method: method.kind, error: String(error) });
      }
    }
  } catch (error) {
    if (!signal.aborted) log.warn('A wake could not be repeated.', { error: String(error) });
  }
}
