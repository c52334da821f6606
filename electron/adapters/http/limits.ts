/** How much of a listener its clients can take up. */
import type { ServerOptions } from 'node:http';

export interface ListenerLimits {
  /** Open connections in total. */
  connections: number;
  /** Open connections from one address. */
  perAddress: number;
  /** From connecting until the headers of the first request have arrived, milliseconds. */
  firstMs: number;
  /** Idle time between requests of a client that is not authenticated, milliseconds. */
  idleMs: number;
  /** Idle time between requests of an authenticated client, milliseconds. */
  keepAliveMs: number;
  /** For a whole request to arrive, including its body, milliseconds. */
  requestMs: number;
  headerBytes: number;
}

export const usualLimits: ListenerLimits = {
  connections: 512,
  perAddress: 64,
  firstMs: 5000,
  idleMs: 5000,
  keepAliveMs: 65_000,
  requestMs: 10_000,
  headerBytes: 8 * 1024,
};

const CHECK_MS = 1000;

/** For `createServer` of node:http. */
export function serverOptions(limits: ListenerLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.firstMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: limits.keepAliveMs,
    noDelay: true,
  };
}
