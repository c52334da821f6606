/**
 * Answers at the address of a runner whose door has ended, until the next one listens there: programs are to come back in
 * a moment, and not to take the runner for gone.
 */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { bind } from '../../http/bind.ts';
import { usualLimits } from '../../http/limits.ts';
import { createListener } from '../../http/listener.ts';
import { refusalStatus } from '../../http/refusals.ts';
import { noBrowsers } from '../../http/source.ts';
import { wireRefusal } from '../../http/wire-refusals.ts';

export interface HeldPort {
  readonly port: number;
  /** The next door is about to listen: where two cannot at once, the port becomes free. */
  makeRoom(): void;
  /** The next door listens, or there will be none. */
  release(): void;
}

const RETRY_AFTER = '1';
/** Longer than the longest pause before a start. */
const LONGEST_MS = 120_000;

/** Two programs of one user may listen at one port there, so that it is never without one. */
export const canSharePorts = process.platform === 'linux';

/** Never rejects: if it cannot listen, programs are refused for a moment. */
export async function holdPort(port: number): Promise<HeldPort> {
  const listener = createListener<never>({
    limits: usualLimits,
    source: noBrowsers,
    answer: wireRefusal,
    handle(request, response) {
      request.resume();
      const body = JSON.stringify(new PilotlightError('RUNNER_STARTING').toWire());
      response.writeHead(refusalStatus.busy, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'retry-after': RETRY_AFTER,
        // The next request of this connection is for the next door.
        connection: 'close',
      });
      response.end(body);
    },
  });
  let isReleased = false;
  function release(): void {
    if (isReleased) return;
    isReleased = true;
    clearTimeout(late);
    void listener.close(0);
  }
  const late = setTimeout(release, LONGEST_MS).unref();
  // It keeps no process alive.
  listener.server.unref();
  await bind(listener.server, { host: '127.0.0.1', port, shared: canSharePorts }).catch(() => {
    isReleased = true;
  });
  return {
    port,
    makeRoom() {
      if (!canSharePorts) release();
    },
    release,
  };
}
