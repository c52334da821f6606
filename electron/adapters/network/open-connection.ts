/**
 * A connection that is kept open only to see when it closes. Rejects with the system's error if it cannot be opened;
 * without coded errors, because the agent uses it, too.
 */
import { connect } from 'node:net';
import type { HoldConnection } from '../../core/ports/network.ts';

const CONNECT_MS = 3000;

export const openConnection: HoldConnection = (url, signal, onOpen) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const { hostname, port, protocol } = new URL(url);
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
    });
    let connected = false;
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const onAbort = () => finish(() => reject(signal.reason));
    const timer = setTimeout(() => finish(() => reject(timedOut())), CONNECT_MS);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => {
      connected = true;
      clearTimeout(timer);
      onOpen?.();
    });
    // Nothing is expected, and what arrives is dropped so that the end can be read.
    socket.resume();
    socket.on('end', () => finish(resolve));
    socket.on('error', (error) => finish(() => (connected ? resolve() : reject(error))));
    socket.on('close', () => finish(resolve));
  });

const timedOut = () =>
  Object.assign(new Error('The connection was not opened in time.'), { code: 'ETIMEDOUT' });
