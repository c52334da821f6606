/**
 * The worker role: starts the task worker, which takes tasks from the queues of Pilotlight, and keeps the machine awake
 * while it has some. It has no paths of its own: the worker connects, and nothing connects to it.
 */
import type { AnswerSent, agentApi } from '../../../shared/contract/agent.ts';
import type { Clock, Timer } from '../../adapters/agent-host/types.ts';
import type { WorkerHost, WorkerProcess } from '../../adapters/processes/worker-host.ts';
import type { FromWorker, ToWorker } from '../../adapters/processes/worker-protocol.ts';
import type { TaskWorkerContract, TaskWorkerStatus } from '../../adapters/tasks/worker-protocol.ts';
import { AgentError } from '../errors.ts';
import type { Route } from '../http/route.ts';
import type { Work } from '../work.ts';
import type { WorkerConfig } from './config.ts';

export interface WorkerRoleOptions {
  /** Its option `worker` is there: the configuration is refused without it. */
  config: { worker: WorkerConfig | null };
  /** Of this agent. */
  id: string;
  version: string;
  /** null if there is no program to start. */
  workerHost: WorkerHost | null;
  clock: Pick<Clock, 'monotonic' | 'timer'>;
  work: Work;
  log(message: string): void;
}

type Health = Partial<AnswerSent<typeof agentApi.health>>;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** A worker that ran this long has recovered. */
const HEALTHY_MS = 60_000;
const STOP_MS = 3000;

export function startWorkerRole(options: WorkerRoleOptions): {
  routes: readonly Route[];
  health(): Promise<Health>;
  stop(): void;
} {
  const { id, version, workerHost, clock, work, log } = options;
  const config = options.config.worker;
  let running: WorkerProcess | null = null;
  let status: TaskWorkerStatus | null = null;
  let working: Disposable | null = null;
  let retry: Timer | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let isStopped = false;

  const send = (worker: WorkerProcess, message: ToWorker<TaskWorkerContract>) => worker.send(message);

  function take(next: TaskWorkerStatus | null): void {
    const before = status;
    status = next;
    if (next !== null && next.active > 0) working ??= work.begin();
    else {
      working?.[Symbol.dispose]();
      working = null;
    }
    if (next === null || next.state === before?.state) return;
    const why = next.trouble === null ? '' : ` (${next.trouble.code}: ${next.trouble.message})`;
    log(`worker: ${next.state}${why}`);
  }

  function start(host: WorkerHost, settings: WorkerConfig): void {
    retry = null;
    const startedAt = clock.monotonic();
    const worker = host.start();
    running = worker;
    worker.onMessage((received) => {
      const message = received as FromWorker<TaskWorkerContract>;
      if (running === worker && message.kind === 'event') take(message.event.status);
    });
    worker.onExit(({ code, stderrTail }) => {
      if (running !== worker || isStopped) return;
      running = null;
      take(null);
      if (clock.monotonic() - startedAt >= HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
      const reason = stderrTail.trim().split('\n').at(-1) || `It ended with code ${code}.`;
      log(`worker: ended (${reason}); starts again in ${pauseMs / 1000} s`);
      retry = clock.timer(pauseMs, () => start(host, settings));
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    });
    const { server, token, name, type, queues, concurrency, sharedFolder, memoryMb } = settings;
    send(worker, {
      kind: 'configure',
      config: {
        ...{ server, token, name, type, queues, version, sharedFolder },
        id: `agent-${id}`,
        slots: concurrency,
        agentId: id,
        memoryLimitMb: memoryMb,
      },
    });
  }

  if (workerHost === null || config === null)
    log(`worker: ${new AgentError('WORKER_PROGRAM_MISSING').message}`);
  else start(workerHost, config);

  return {
    routes: [],
    health: async () => ({ worker: workerHost === null ? 'missing' : (status?.state ?? 'starting') }),
    stop() {
      isStopped = true;
      retry?.cancel();
      working?.[Symbol.dispose]();
      working = null;
      const leaving = running;
      if (leaving === null) return;
      const late = clock.timer(STOP_MS, leaving.kill);
      leaving.onExit(() => late.cancel());
      // It gives its tasks back.
      send(leaving, { kind: 'stop' });
    },
  };
}
