import { EventEmitter } from 'node:events';

/** The end of a MessagePort in the main process: it keeps what comes until it is started. */
export class MessagePortMain extends EventEmitter {
  #kept: unknown[] | null = [];
  #open = true;
  readonly #far: { send(data: unknown): void; close(): void };

  constructor(far: { send(data: unknown): void; close(): void }) {
    super();
    this.#far = far;
  }

  start(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    for (const data of kept) this.receive(data);
  }

  postMessage(message: unknown): void {
    if (this.#open) this.#far.send(structuredClone(message));
  }

  close(): void {
    if (!this.#open) return;
    this.#far.close();
    this.ended();
  }

  /** From the page. */
  receive(data: unknown): void {
    if (this.#kept !== null) this.#kept.push(data);
    else this.emit('message', { data, ports: [] });
  }

  /** The other end is gone. */
  ended(): void {
    if (!this.#open) return;
    this.#open = false;
    this.emit('close');
  }
}
