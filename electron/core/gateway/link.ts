/** The gateway's process, as the core sees it. An adapter starts it, keeps it running, and connects to it. */
import type { GatewayTable, NodeTraffic } from './model.ts';
import type { AskAnswer, GatewayAddress, GatewayEvent, KeptPrompt, PromptsKept } from './protocol.ts';

/** The process is there: a new one, or one that outlived an earlier core. */
export interface GatewayStart {
  /** Of the table that it has; 0 for none. */
  version: number;
  /** null if it does not listen. */
  listening: GatewayAddress | null;
  traffic: readonly NodeTraffic[];
  /** Tells this process from those before it. */
  instance: string;
}

export interface PortHolder {
  name: string;
  pid: number;
}

export interface GatewayLink {
  /** Starts the process, or finds it running. Until `stop`, it is started again whenever it ends. */
  start(): void;
  /** Resolves when every request from now on is routed by the table, and the traffic before it was reported. */
  setTable(table: GatewayTable): Promise<void>;
  /** Rejects with PORT_IN_USE, or GATEWAY_CANNOT_LISTEN with the system's code in `details.reason`. */
  listen(address: GatewayAddress): Promise<{ port: number }>;
  /** Closes the listener; what is in flight continues. */
  close(): Promise<void>;
  /** Resolves when what waited for the answer has been sent, and that traffic was reported. */
  answer(askId: number, answer: AskAnswer): Promise<void>;
  /** Ends a request in progress. Resolves to false if there is none with this number. Starts no process, like the next. */
  cancel(id: number): Promise<boolean>;
  /** For how long the bodies of requests are kept from now on; null forgets them. */
  keepPrompts(forMs: number | null): Promise<PromptsKept | null>;
  promptsKept(): Promise<PromptsKept | null>;
  readPrompt(id: number): Promise<KeptPrompt | null>;
  /** Its start and end, and what it reports. Returns how to stop. */
  onStart(listener: (start: GatewayStart) => void): () => void;
  onEvent(listener: (event: GatewayEvent) => void): () => void;
  /** It ended without having been asked to. */
  onEnd(listener: () => void): () => void;
  /** There is no process any more: it ended, or it was stopped. */
  onGone(listener: () => void): () => void;
  /** It could not be started; it is tried again. */
  onFailedStart(listener: () => void): () => void;
  /**
   * Leaves the process. One that may outlive its core continues while it has requests, and otherwise ends now.
   * @param options.forGood the gateway is off: it ends in any case
   */
  stop(options: { forGood: boolean }): Promise<void>;
  /** The program that listens on a port of this computer; null if that is unknown. */
  holderOf(port: number): Promise<PortHolder | null>;
}
