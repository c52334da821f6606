import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fork } from '../fakes/children.ts';

const parentPort = fileURLToPath(new URL('./parent-port.mjs', import.meta.url));

/** A child process of Node that finds `process.parentPort`, as a utility process does. */
class UtilityProcess extends EventEmitter {
  readonly #child;
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
    child.on('message', (message) => this.emit('message', message));
    child.once('close', (code) => this.emit('exit', code));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  postMessage(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as object, () => {});
  }

  kill(): boolean {
    return this.#child.kill();
  }
}

export const utilityProcess = {
  fork: (entry: string, args: string[] = []) => new UtilityProcess(entry, args),
};
