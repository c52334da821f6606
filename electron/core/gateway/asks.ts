/** Answers what the gateway's process asks: wakes the machine for the requests that wait, and says when it serves. */
import { errorCatalogue, isPilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { AcquireService } from '../acquire/model.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { AskAnswer, GatewayAsk } from './protocol.ts';

export interface Asks {
  receive(ask: GatewayAsk): void;
  /** Nobody waits for them any more. */
  withdraw(askIds: readonly number[]): void;
  /** The process has ended, or this core stops. */
  clear(): void;
}

export interface AsksDependencies {
  clock: Pick<Clock, 'monotonic'>;
  log: Log;
  acquire: Pick<AcquireService, 'acquire'>;
  /** Resolves when the node has been checked. Must not reject. */
  probe(nodeId: string): Promise<void>;
  nodeIds(): readonly string[];
  /** The name of a key; null if there is none with this id. */
  nameOf(credentialId: string): string | null;
  /** Resolves when the process routes by a table with everything that has changed until now. */
  pushed(): Promise<void>;
  answer(askId: number, answer: AskAnswer): Promise<void>;
}

/** For so long a failed wake explains why the next one is not tried, milliseconds. */
const REMEMBERED_MS = 5 * 60_000;

export function createAsks(dependencies: AsksDependencies): Asks {
  const { clock, log, acquire, nodeIds, nameOf, pushed, answer } = dependencies;
  const open = new Map<number, AbortController>();
  /** The last failure by machine. */
  const failures = new Map<string, { code: string; message: Message | null; at: number }>();

  async function serve(ask: GatewayAsk, signal: AbortSignal): Promise<AskAnswer> {
    const wanted = new Set(ask.nodeIds);
    const program = (ask.credentialId === null ? null : nameOf(ask.credentialId)) ?? ask.program;
    try {
      // It may have fallen asleep since it was last checked.
      if (ask.unreachable) await Promise.all(ask.nodeIds.map(dependencies.probe));
      signal.throwIfAborted();
      await using acquired = await acquire.acquire({
        model: { name: ask.model, digest: null },
        purpose: fact('GATEWAY_WAKE_FOR', { program, model: ask.model }),
        by: 'request',
        wake: true,
        except: new Set(nodeIds().filter((id) => !wanted.has(id))),
        counts: 'each',
        signal,
      });
      failures.delete(acquired.nodeId);
      await pushed();
      signal.throwIfAborted();
      const ready: AskAnswer = { outcome: 'ready', nodeId: acquired.nodeId };
      // The lease of this acquisition ends when that of the traffic has begun.
      await answer(ask.id, ready);
      return ready;
    } catch (error) {
      signal.throwIfAborted();
      return failed(ask, error);
    }
  }

  function failed({ nodeIds: ids }: GatewayAsk, error: unknown): AskAnswer {
    const code = isPilotlightError(error) ? error.code : 'INTERNAL';
    if (code === 'INTERNAL')
      log.error('A machine could not be woken for a request.', { error: String(error) });
    const message = isPilotlightError(error) ? (error.said as Message | null) : null;
    const now = clock.monotonic();
    // It was not tried again so soon after it failed.
    const remembered = ids.flatMap((id) => failures.get(id) ?? []).find(({ at }) => now - at < REMEMBERED_MS);
    if (code === 'NODE_ASLEEP' && remembered !== undefined) {
      return { outcome: 'failed', code: remembered.code, message: remembered.message };
    }
    const nodeId = isPilotlightError(error) ? error.details?.nodeId : null;
    const at = now;
    if (typeof nodeId === 'string' && code in errorCatalogue) failures.set(nodeId, { code, message, at });
    return { outcome: 'failed', code, message };
  }

  async function run(ask: GatewayAsk): Promise<void> {
    const controller = new AbortController();
    open.set(ask.id, controller);
    try {
      const result = await serve(ask, controller.signal);
      if (result.outcome === 'failed') await answer(ask.id, result);
    } catch (error) {
      if (controller.signal.aborted) return;
      log.warn('The gateway could not be notified of a machine.', { error: String(error) });
    } finally {
      if (open.get(ask.id) === controller) open.delete(ask.id);
    }
  }

  return {
    receive(ask) {
      // A process tells each new core everything; this one may know it.
      if (!open.has(ask.id)) void run(ask);
    },
    withdraw(askIds) {
      for (const id of askIds) {
        open.get(id)?.abort();
        open.delete(id);
      }
    },
    clear() {
      for (const controller of open.values()) controller.abort();
      open.clear();
    },
  };
}
