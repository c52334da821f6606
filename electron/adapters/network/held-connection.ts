/** A connection that is kept open only to see when it closes. */
import { connect } from 'node:net';
import type { HoldConnection } from '../../core/ports/network.ts';
import { timeoutError, toHostError } from './http-errors.ts';

const CONNECT_MS = 3000;

export const holdConnection: HoldConnection = (url, signal, onOpen) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const { hostname, port, protocol } = new URL(url);
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
      keepAlive: true,
    });
    let connected = false;
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const onAbort = () => finish(() => reject(signal.reason));
    const timer = setTimeout(() => finish(() => reject(timeoutError('connect'))), CONNECT_MS);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => {
      connected = true;
      clearTimeout(timer);
      onOpen?.();
    });
    // Nothing is expected, and what arrives is dropped so that the end can be read.
    socket.resume();
    socket.on('end', () => finish(resolve));
    socket.on('error', (error) =>
      finish(() => (connected ? resolve() : reject(toHostError(error, 'connect')))),
    );
    socket.on('close', () => finish(resolve));
  });
