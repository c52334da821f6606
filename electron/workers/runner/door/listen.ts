/** Listens where the door before did, if that is still possible; else anywhere. */
import type { AddressInfo } from 'node:net';
import { isPortTaken, type ListenAt } from '../../../adapters/http/bind.ts';
import { canSharePorts } from '../../../adapters/processes/runner/hold-port.ts';
import type { Clock } from '../../../core/ports/time.ts';

export interface ListenOptions {
  listen(at: ListenAt): Promise<AddressInfo>;
  clock: Pick<Clock, 'sleep'>;
  signal: AbortSignal;
  host: string;
  /** 0 picks a free one. */
  port: number;
}

/** Whoever held the port meanwhile may need a moment to let it go. */
const TRIES = 20;
const PAUSE_MS = 50;

/** Rejects with the system's error. */
export async function listenAgain({
  listen,
  clock,
  signal,
  host,
  port,
}: ListenOptions): Promise<AddressInfo> {
  if (port === 0) return listen({ host, port });
  for (let tries = 1; ; tries += 1) {
    try {
      return await listen({ host, port, shared: canSharePorts });
    } catch (error) {
      if (!isPortTaken(error)) throw error;
      if (tries === TRIES) return listen({ host, port: 0 });
    }
    await clock.sleep(PAUSE_MS, signal);
  }
}
