import { connect } from 'node:net';

/** Whether something accepts a TCP connection there in time. Rejects only with the signal's reason. */
export function accepts(
  address: string,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const socket = connect({ host: address, port });
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const onAbort = () => finish(() => reject(signal.reason));
    const timer = setTimeout(() => finish(() => resolve(false)), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => finish(() => resolve(true)));
    socket.on('error', () => finish(() => resolve(false)));
  });
}
