import { EventEmitter } from 'node:events';

/** Where an end is that was handed over to a utility process. */
export interface FarEnd {
  send(data: unknown): void;
  close(): void;
}

/** One end of a channel: it keeps what comes until it is started, or handed over. */
export class ChannelPort extends EventEmitter {
  peer: ChannelPort | null = null;
  #kept: unknown[] | null = [];
  #far: FarEnd | null = null;
  #open = true;

  start(): void {
    const kept = this.#kept ?? [];
    this.#kept = null;
    for (const data of kept) this.deliver(data);
  }

  handOver(far: FarEnd): void {
    this.#far = far;
    this.start();
  }

  postMessage(message: unknown): void {
    if (this.#far !== null) throw new Error('The port was handed over.');
    this.send(structuredClone(message));
  }

  /** From this end, wherever it is. */
  send(data: unknown): void {
    if (this.#open) this.peer?.deliver(data);
  }

  deliver(data: unknown): void {
    if (this.#kept !== null) this.#kept.push(data);
    else if (this.#far !== null) this.#far.send(data);
    else this.emit('message', { data, ports: [] });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#far?.close();
    this.emit('close');
    this.peer?.close();
  }
}

export class MessageChannelMain {
  readonly port1 = new ChannelPort();
  readonly port2 = new ChannelPort();

  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}
