/** The runner's process, started with the agent and again whenever it ends. */
import type { Clock, Timer } from '../../adapters/agent-host/types.ts';
import type { RunnerConfig, RunnerEvent } from '../../adapters/processes/runner/protocol.ts';
import { watchRunner } from '../../adapters/processes/runner/watch-runner.ts';
import type { WorkerHost, WorkerProcess } from '../../adapters/processes/worker-host.ts';

export interface RunnerAddress {
  port: number;
  token: string;
}

export type RunnerState =
  | { state: 'starting' }
  | ({ state: 'running' } & RunnerAddress)
  /** Why it ended or did not start; it is tried again. */
  | { state: 'failed'; reason: string };

export interface RunnerProcess {
  current(): RunnerState;
  stop(): void;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;
/** A runner that ran this long has recovered. */
const HEALTHY_MS = 60_000;
const STOP_MS = 3000;

export function startRunnerProcess({
  host,
  config,
  clock,
  log,
}: {
  host: WorkerHost;
  config: RunnerConfig;
  clock: Pick<Clock, 'monotonic' | 'timer'>;
  log(message: string): void;
}): RunnerProcess {
  let current: RunnerState = { state: 'starting' };
  let process: WorkerProcess | null = null;
  let retry: Timer | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let stopped = false;
  let watch: { stop(): void } | null = null;

  function start(): void {
    retry = null;
    if (current.state === 'failed') current = { state: 'starting' };
    const startedAt = clock.monotonic();
    const worker = host.start();
    process = worker;
    let reason = '';
    let isTaken = false;
    worker.onMessage((message) => {
      const { kind, event } = message as { kind?: string; event?: RunnerEvent };
      if (kind !== 'event' || event === undefined || process !== worker) return;
      if (event.kind === 'opening') return;
      if (event.kind === 'failed') {
        reason = event.error.message;
        return worker.kill();
      }
      const { port, token, dataFolder } = event.endpoint;
      // Another program of this user started it first. It is used while it is there.
      isTaken = event.kind === 'taken';
      current = { state: 'running', port, token };
      const whose = isTaken && dataFolder !== config.dataFolder ? `, that of ${dataFolder}` : '';
      log(`runner: listens on 127.0.0.1, port ${port}${whose}`);
      watch = watchRunner({
        endpoint: event.endpoint,
        timer: clock.timer,
        onGone: isTaken ? start : () => worker.kill(),
      });
    });
    worker.onExit(({ code, stderrTail }) => {
      if (process !== worker || stopped) return;
      if (isTaken) return;
      watch?.stop();
      if (clock.monotonic() - startedAt >= HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
      const lastLine = stderrTail.trim().split('\n').at(-1) ?? '';
      current = { state: 'failed', reason: reason || lastLine || `It ended with code ${code}.` };
      log(`runner: ended (${current.reason}); starts again in ${pauseMs / 1000} s`);
      retry = clock.timer(pauseMs, start);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    });
    worker.send({ kind: 'configure', config });
  }
  start();

  return {
    current: () => current,
    stop() {
      stopped = true;
      retry?.cancel();
      watch?.stop();
      const leaving = process;
      if (leaving === null) return;
      const late = clock.timer(STOP_MS, leaving.kill);
      leaving.onExit(() => late.cancel());
      leaving.send({ kind: 'stop' });
    },
  };
}
