/**
 * The processes that run handlers: one for each task at a time. They are used again, and one is always started ahead, so
 * that a task does not wait for the start of a process. One that has grown is replaced.
 */
import type { WorkerHost } from '../../../adapters/processes/worker-host.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { type HandlerProcess, type HandlerRun, startHandlerProcess } from './handler-process.ts';
import type { HandlerJob, HandlerResult } from './protocol.ts';

export interface HandlerPool {
  /** Starts the first process ahead. */
  warm(): void;
  /** See `HandlerProcess.run`. */
  run(job: HandlerJob, options: HandlerRun): Promise<HandlerResult>;
  /** Applies to tasks that begin from now on, MiB. */
  limitMemory(mb: number): void;
  pids(): number[];
  /** Ends all of them at once. */
  stop(): void;
}

export interface HandlerPoolOptions {
  /** A host of processes with this limit, MiB. */
  hostWith(memoryMb: number): WorkerHost;
  memoryMb: number;
  /** Tasks at once. */
  slots: number;
  clock: Pick<Clock, 'timer'>;
  log: Pick<Log, 'warn' | 'error'>;
}

/** What a process may have more than after its start before it is replaced: a leak, or memory that V8 keeps. */
const GROWTH_BYTES = 256 * 1024 * 1024;
const MOST_RUNS = 1000;

interface Held {
  process: HandlerProcess;
  /** Limit that it was started with. */
  memoryMb: number;
}

export function createHandlerPool(options: HandlerPoolOptions): HandlerPool {
  const { hostWith, slots, clock, log } = options;
  const idle: Held[] = [];
  const all = new Set<Held>();
  let { memoryMb } = options;
  let host = hostWith(memoryMb);
  let stopped = false;

  function start(): Held {
    const process = startHandlerProcess(host, clock, (cause) =>
      log.error('A handler has a defect.', { cause }),
    );
    const held: Held = { process, memoryMb };
    all.add(held);
    process.onEnd(() => {
      all.delete(held);
      const at = idle.indexOf(held);
      if (at >= 0) idle.splice(at, 1);
    });
    return held;
  }

  function startAhead(): void {
    if (stopped || idle.length > 0 || all.size >= slots) return;
    try {
      idle.push(start());
    } catch (error) {
      log.warn('A process for handlers could not be started ahead.', { error: String(error) });
    }
  }

  function isWorn({ process, memoryMb: limit }: Held): boolean {
    const { atStart, now } = process.memory();
    return limit !== memoryMb || now - atStart > GROWTH_BYTES || process.runs() >= MOST_RUNS;
  }

  function giveBack(held: Held): void {
    if (stopped || held.process.ended() || !all.has(held)) return;
    if (isWorn(held)) held.process.kill();
    else idle.push(held);
  }

  return {
    warm: startAhead,
    async run(job, run) {
      const held = idle.pop() ?? start();
      startAhead();
      try {
        return await held.process.run(job, run);
      } catch (error) {
        // A handler that was stopped may have left a program running.
        if (run.signal.aborted) held.process.kill();
        throw error;
      } finally {
        giveBack(held);
        startAhead();
      }
    },
    limitMemory(mb) {
      if (mb === memoryMb) return;
      memoryMb = mb;
      host = hostWith(mb);
      for (const { process } of idle.splice(0)) process.kill();
      startAhead();
    },
    pids: () => [...all].flatMap(({ process }) => process.pid ?? []),
    stop() {
      stopped = true;
      for (const { process } of all) process.kill();
    },
  };
}
