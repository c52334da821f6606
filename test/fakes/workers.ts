/** A host whose workers do what a test says, and record what they are sent. */
import type { WorkerExit, WorkerHost, WorkerProcess } from '../../electron/adapters/processes/worker-host.ts';
import type {
  FromWorker,
  ToWorker,
  WorkerContract,
} from '../../electron/adapters/processes/worker-protocol.ts';

export interface FakeWorker<C extends WorkerContract> {
  received: ToWorker<C>[];
  send(message: FromWorker<C>): void;
  /** Default: killed from outside. */
  end(how?: Pick<WorkerExit, 'code' | 'signal'>): void;
  killed: boolean;
}

export function createFakeWorkers<C extends WorkerContract>() {
  const workers: FakeWorker<C>[] = [];
  let failure: Error | null = null;
  const host: WorkerHost = {
    start(): WorkerProcess {
      if (failure !== null) throw failure;
      const exits: ((exit: WorkerExit) => void)[] = [];
      let listener: (message: unknown) => void = () => {};
      const worker: FakeWorker<C> = {
        received: [],
        killed: false,
        send: (message) => listener(message),
        end(how = { code: null, signal: 'SIGKILL' }) {
          for (const exit of exits.splice(0)) exit({ ...how, stderrTail: '' });
        },
      };
      workers.push(worker);
      return {
        pid: workers.length,
        send: (message) => void worker.received.push(structuredClone(message) as ToWorker<C>),
        onMessage(given) {
          listener = given;
        },
        onExit: (given) => void exits.push(given),
        kill() {
          worker.killed = true;
          worker.end();
        },
      };
    },
  };
  return {
    workers,
    host,
    /** Lets the next starts fail; null lets them succeed. */
    failWith(error: Error | null) {
      failure = error;
    },
  };
}
