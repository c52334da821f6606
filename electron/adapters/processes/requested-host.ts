/** Children of a worker that runs as a utility process: started by the main process, connected by a port. */
import { createEmitter } from '../../../shared/emitter.ts';
import type { Log } from '../../core/ports/log.ts';
import { type ChildReport, type ChildRequest, isAboutChild } from './child-messages.ts';
import type { HandedPort, ParentPort } from './parent-port.ts';
import type { WorkerExit, WorkerHost, WorkerProcess } from './worker-host.ts';

export interface RequestedHostOptions {
  parent: ParentPort;
  /** Of the program, as the main process knows it. */
  name: string;
  log?: Pick<Log, 'error'>;
}

interface Child {
  hear(report: ChildReport, port: HandedPort | undefined): void;
}

/** One count for all hosts of this process, because they share its port. */
let lastId = 0;

export function createRequestedWorkerHost({ parent, name, log }: RequestedHostOptions): WorkerHost {
  const children = new Map<number, Child>();
  const ask = (request: ChildRequest) => parent.postMessage(request);

  parent.on('message', ({ data, ports = [] }) => {
    if (!isAboutChild(data)) return;
    const report = data as ChildReport;
    children.get(report.id)?.hear(report, ports[0]);
  });

  return {
    start(): WorkerProcess {
      lastId += 1;
      const id = lastId;
      const exits = createEmitter<[WorkerExit]>({ name: 'worker', log });
      let pid: number | undefined;
      let port: HandedPort | null = null;
      let queued: unknown[] = [];
      let ended: WorkerExit | null = null;
      let listener: (message: unknown) => void = () => {};

      function connect(handed: HandedPort): void {
        port = handed;
        handed.on('message', ({ data }) => {
          if (ended === null) listener(data);
        });
        handed.start();
        for (const message of queued) handed.postMessage(message);
        queued = [];
      }

      children.set(id, {
        hear(report, handed) {
          if (report.what === 'connected' && handed !== undefined) connect(handed);
          else if (report.what === 'spawned') pid = report.pid;
          else if (report.what === 'ended') {
            children.delete(id);
            ended = report.exit;
            port?.close();
            exits.emit(report.exit);
          }
        },
      });
      ask({ kind: 'child', id, act: 'start', name });

      return {
        get pid() {
          return pid;
        },
        send(message) {
          if (ended !== null) return;
          if (port === null) queued.push(message);
          else port.postMessage(message);
        },
        onMessage(given) {
          listener = given;
        },
        onExit(given) {
          if (ended !== null) given(ended);
          else exits.on(given);
        },
        kill() {
          if (ended === null) ask({ kind: 'child', id, act: 'kill' });
        },
      };
    },
  };
}
