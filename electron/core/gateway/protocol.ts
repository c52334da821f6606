/** The messages between the core and the gateway's process, in the form of every worker (adapters/processes). */
import type { FinishedRequest, GatewayTable, NodeTraffic } from './model.ts';

export interface GatewayAddress {
  host: string;
  /** 0 takes a free one. */
  port: number;
}

export type GatewayEvent =
  /** At most every 250 ms while requests end; at most 1,000 are kept while no core is connected. */
  | { kind: 'finished'; requests: readonly FinishedRequest[]; dropped: number }
  /** Nodes whose traffic or breaker changed; before it, a node has none. */
  | { kind: 'traffic'; nodes: readonly NodeTraffic[] }
  /** A credential was used. */
  | { kind: 'used'; credentialIds: readonly string[] };

export interface GatewayContract {
  config: {
    /** The core's epoch, for logs. */
    core: string;
  };
  calls: {
    /** Resolves when every request from now on is routed by it, and the traffic before it was reported. */
    'table.set': { params: GatewayTable; result: { version: number } };
    /** Opens the listener; replaces an open one if the address differs. Rejects with PORT_IN_USE or the system's error. */
    listen: { params: GatewayAddress; result: { port: number } };
    /** Closes the listener; what is in flight ends. */
    close: { params: null; result: null };
    /** What a new core needs of a process that it found running. */
    resume: {
      params: null;
      result: { version: number; listening: GatewayAddress | null; traffic: NodeTraffic[] };
    };
  };
  progress: never;
  event: GatewayEvent;
}
