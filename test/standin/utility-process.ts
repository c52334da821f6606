import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fork } from '../fakes/children.ts';
import type { ChannelPort } from './message-channel.ts';

const parentPort = fileURLToPath(new URL('./parent-port.mjs', import.meta.url));

type FromProcess =
  | { standin: 'message'; message: unknown }
  | { standin: 'port'; id: number; data: unknown }
  | { standin: 'close'; id: number };

/** The number that Electron reports for a signal, as the system's call gives it. */
const signals: Readonly<Record<string, number>> = { SIGKILL: 9, SIGTERM: 15, SIGABRT: 6 };

/** A child process of Node that finds `process.parentPort`, as a utility process does. */
class UtilityProcess extends EventEmitter {
  readonly #child;
  readonly #ports = new Map<number, ChannelPort>();
  readonly stderr;

  constructor(entry: string, args: string[]) {
    super();
    const child = fork(entry, args, {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning', '--import', parentPort],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.stderr = child.stderr;
    child.once('spawn', () => this.emit('spawn'));
    child.on('message', (received) => {
      const message = received as FromProcess;
      if (message.standin === 'message') this.emit('message', message.message);
      else if (message.standin === 'port') this.#ports.get(message.id)?.send(message.data);
      else this.#ports.get(message.id)?.close();
    });
    child.once('close', (code, signal) => {
      for (const port of this.#ports.values()) port.close();
      this.emit('exit', code ?? signals[signal ?? ''] ?? null);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  postMessage(message: unknown, ports: ChannelPort[] = []): void {
    const numbers = ports.map((port) => {
      const id = this.#ports.size + 1;
      this.#ports.set(id, port);
      port.handOver({
        send: (data) => this.#send({ standin: 'port', id, data }),
        close: () => this.#send({ standin: 'close', id }),
      });
      return id;
    });
    this.#send({ standin: 'message', message, ports: numbers });
  }

  #send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): boolean {
    return this.#child.kill();
  }
}

export const utilityProcess = {
  fork: (entry: string, args: string[] = []) => new UtilityProcess(entry, args),
};
