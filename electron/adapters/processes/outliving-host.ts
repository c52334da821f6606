/**
 * Starts a process that outlives its core for a while, or finds the one of an earlier core. To its client it is a worker
 * like any other; its messages travel over a loopback socket whose ends have proved that they have the same token.
 */
import { type ChildProcess, spawn as spawnProcess } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { createEmitter } from '../../../shared/emitter.ts';
import type { Log } from '../../core/ports/log.ts';
import { isRunning } from './is-running.ts';
import { type LinkEndpoint, readBootId, readLinkEndpoint, removeLinkEndpoint } from './link/endpoint.ts';
import { readFrames, writeFrame } from './link/frames.ts';
import {
  endpointOption,
  type LinkMessage,
  ORPHAN_MS,
  orphanOption,
  READY,
  versionOption,
} from './link/messages.ts';
import { proveToProcess } from './link/proof.ts';
import type { WorkerExit, WorkerHost, WorkerProcess } from './worker-host.ts';

export interface OutlivingHostOptions {
  /** Absolute path of the process's program. */
  entry: string;
  /** Its private endpoint file. */
  endpoint: string;
  /** A process of another version is asked to end, and replaced. */
  version: string;
  log: Log;
  /** For the Node that runs it. */
  nodeFlags?: readonly string[];
  /** How long the process may run without a core, milliseconds. Default 30 s. */
  orphanMs?: number;
  /** For tests. */
  spawn?: typeof spawnProcess;
  onConnected?: (socket: Socket) => void;
}

export interface OutlivingHost extends WorkerHost {
  /** From now on, a process that is asked to stop continues while it has work, for another core to find. */
  leaveAtStop(): void;
}

/** How long a new process may take until it can be connected to. */
const START_MS = 20_000;
/** How long the exit code of a process may come after the end of its connection. */
const EXIT_MS = 500;
const MAX_STDERR = 4096;

interface Connection {
  socket: Socket;
  pid: number;
  child: ChildProcess | null;
}

export function createOutlivingHost(options: OutlivingHostOptions): OutlivingHost {
  const { endpoint: path, version, log } = options;
  let leaves = false;

  /** The process of an earlier core; null if there is none that can be used. */
  async function find(): Promise<Connection | null> {
    const found = await findOutliving(path);
    if (found === null) return null;
    const { socket, endpoint } = found;
    if (endpoint.version === version) return { socket, pid: endpoint.pid, child: null };
    log.info('The gateway of another version is replaced.', { version: endpoint.version });
    retire(socket);
    return null;
  }

  async function startNew(hear: (text: string) => void, signal: AbortSignal): Promise<Connection> {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = (options.spawn ?? spawnProcess)(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        ...(options.nodeFlags ?? []),
        options.entry,
        `${endpointOption}${path}`,
        `${versionOption}${version}`,
        `${orphanOption}${options.orphanMs ?? ORPHAN_MS}`,
      ],
      // In a session of its own, so that Ctrl+C does not reach it.
      { detached: true, windowsHide: true, stdio: ['ignore', 'pipe', 'pipe'], env },
    );
    const { stdout, stderr } = child;
    stderr?.setEncoding('utf8').on('data', hear);
    try {
      await isReady(child, signal);
      const endpoint = readLinkEndpoint(path);
      const socket = endpoint?.pid === child.pid && endpoint ? await connectTo(endpoint) : null;
      if (socket === null || child.pid === undefined) throw new Error('The process does not answer.');
      // Nothing of it keeps this process alive.
      child.unref();
      stdout?.destroy();
      (stderr as unknown as { unref?(): void } | null)?.unref?.();
      return { socket, pid: child.pid, child };
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  return {
    leaveAtStop() {
      leaves = true;
    },
    start(): WorkerProcess {
      const exits = createEmitter<[WorkerExit]>({ name: 'worker', log });
      const aborting = new AbortController();
      let ended: WorkerExit | null = null;
      let stderrTail = '';
      let opened: Connection | null = null;
      let queued: unknown[] = [];
      let listener: (message: unknown) => void = () => {};

      function hear(text: string): void {
        stderrTail = (stderrTail + text).slice(-MAX_STDERR);
      }
      function end(code: number | null, signal: string | null): void {
        if (ended !== null) return;
        ended = { code, signal, stderrTail };
        exits.emit(ended);
      }

      function use(connection: Connection): void {
        opened = connection;
        const { socket, child } = connection;
        options.onConnected?.(socket);
        socket.on('close', () => {
          if (child === null || child.exitCode !== null || child.signalCode !== null) {
            return end(child?.exitCode ?? null, child?.signalCode ?? null);
          }
          const late = setTimeout(() => end(null, null), EXIT_MS);
          child.once('close', (code, signal) => {
            clearTimeout(late);
            end(code, signal);
          });
        });
        readFrames(socket, (message) => listener(message));
        for (const message of queued) send(message);
        queued = [];
      }

      function send(message: unknown): void {
        if (ended !== null) return;
        if (opened === null) {
          queued.push(message);
          return;
        }
        const { socket } = opened;
        const isStop = (message as { kind?: unknown }).kind === 'stop';
        if (!isStop || !leaves) {
          writeFrame(socket, message);
          return;
        }
        writeFrame(socket, { kind: 'leave' } satisfies LinkMessage);
        socket.end();
        // Reported only after its caller has subscribed.
        queueMicrotask(() => end(0, null));
      }

      void (async () => {
        try {
          const connection = (await find()) ?? (await startNew(hear, aborting.signal));
          if (aborting.signal.aborted) connection.socket.destroy();
          use(connection);
        } catch (error) {
          hear(String(error));
          end(null, null);
        }
      })();

      return {
        get pid() {
          return opened?.pid;
        },
        send,
        onMessage(given) {
          listener = given;
        },
        onExit(given) {
          if (ended !== null) given(ended);
          else exits.on(given);
        },
        kill() {
          aborting.abort();
          if (opened === null || ended !== null) return;
          try {
            process.kill(opened.pid, 'SIGKILL');
          } catch {
            // It has already ended.
          }
        },
      };
    },
  };
}

/** A proved connection to the process of the file. The file of one that does not answer is removed. */
async function findOutliving(path: string): Promise<{ socket: Socket; endpoint: LinkEndpoint } | null> {
  const endpoint = readLinkEndpoint(path);
  if (endpoint === null) return null;
  const socket = mayRun(endpoint) ? await connectTo(endpoint) : null;
  if (socket !== null) return { socket, endpoint };
  removeLinkEndpoint(path, endpoint.token);
  return null;
}

/** Asks the process of an earlier core to close its listener and to end when its requests have. Never rejects. */
export async function retireOutliving(path: string): Promise<void> {
  const found = await findOutliving(path);
  if (found !== null) retire(found.socket);
}

function retire(socket: Socket): void {
  writeFrame(socket, { kind: 'retire' } satisfies LinkMessage);
  socket.end();
}

/** Resolves when the process has written its line; rejects if it ends before, or is too slow. */
function isReady(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error('The process did not start in time.')), START_MS);
    const settle = (act: () => void) => {
      clearTimeout(late);
      act();
    };
    const onAbort = () => settle(() => reject(new Error('The process was ended.')));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    child.once('error', (error) => settle(() => reject(error)));
    child.once('close', (code) => settle(() => reject(new Error(`The process ended with ${code}.`))));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-READY.length - 1);
      if (said === `${READY}\n`) settle(resolve);
    });
  });
}

/** Whether the process of the file can still exist. */
function mayRun({ pid, bootId }: LinkEndpoint): boolean {
  return bootId === readBootId() && isRunning(pid);
}

/** A proved connection; null if nothing answers there that has the token. */
async function connectTo({ port, token }: LinkEndpoint): Promise<Socket | null> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  try {
    await proveToProcess(socket, { token, port });
    return socket;
  } catch {
    socket.destroy();
    return null;
  }
}
