/**
 * The port at which workers and scripts on other computers reach tasks, where a person has opened it. It serves tasks
 * and nothing else, and every request needs a key: neither a session of the panel nor a token of this computer counts.
 */
import type { RequestListener } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createAttempts } from '../../../adapters/http/attempts.ts';
import { type ListenerLimits, usualLimits } from '../../../adapters/http/limits.ts';
import { createListener, type Listener } from '../../../adapters/http/listener.ts';
import { createRateLimit } from '../../../adapters/http/rate-limit.ts';
import { noBrowsers } from '../../../adapters/http/source.ts';
import { wireRefusal } from '../../../adapters/http/wire-refusals.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock } from '../../../core/ports/time.ts';
import type { Access, Principal } from '../access.ts';
import { createApp } from '../app.ts';
import { taskShape } from './refusals.ts';
import type { TaskRoutes } from './routes.ts';

export interface TaskPortOptions {
  routes: Pick<TaskRoutes, 'add'>;
  access: Access;
  clock: Clock;
  log: Log;
}

export interface TaskPort {
  readonly port: number;
  /** Requests in progress are answered until the grace is over. */
  close(): Promise<void>;
}

const CLOSE_MS = 2000;
const BODY_BYTES = 1_048_576;

/** A claim waits for half a minute, and an upload may last for hours. */
const limits: ListenerLimits = {
  ...usualLimits,
  connections: 1024,
  perAddress: 256,
  firstMs: 15_000,
  idleMs: 15_000,
  keepAliveMs: 75_000,
  requestMs: 0,
  headerBytes: 16 * 1024,
};

/** Requests without a valid key. */
const strangers = { each: { burst: 20, perSecond: 2 }, all: { burst: 200, perSecond: 50 } };

/** Rejects with the system's error if it cannot listen. */
export async function openTaskPort(
  { routes, access, clock, log }: TaskPortOptions,
  at: { host?: string | undefined; port: number },
): Promise<TaskPort> {
  const mayAsk = createRateLimit({ ...strangers, now: clock.monotonic });
  const attempts = createAttempts({ monotonic: clock.monotonic });
  const { app, listener } = createApp({
    createListener: (handle: RequestListener): Listener<Principal> =>
      createListener({
        handle,
        limits,
        clock,
        source: noBrowsers,
        attempts,
        answer: wireRefusal,
        authenticate(request) {
          const found = access.authenticate(request);
          if ('refused' in found || isKey(found.principal)) return found;
          return { refused: 'wrong' };
        },
        onRefused: ({ count }) => log.warn('The port for tasks refused connections.', { count }),
      }),
    access,
    clock,
    log,
    bodyLimit: BODY_BYTES,
    shapes: [{ ...taskShape, has: () => true }],
  });
  refuseStrangers(app, mayAsk);
  routes.add(app);
  await app.ready();
  try {
    const { port } = await listener.listen(at);
    return {
      port,
      async close() {
        await listener.close(CLOSE_MS, clock);
        await app.close();
      },
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

const isKey = ({ kind }: Principal) => kind === 'script' || kind === 'program';

function refuseStrangers(app: FastifyInstance, mayAsk: (address: string) => boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.principal !== null || request.routeOptions.config?.isSigned) return;
    if (mayAsk(request.raw.socket.remoteAddress ?? '')) return;
    reply.header('retry-after', '1');
    throw new PilotlightError('TOO_MANY_WRONG_KEYS');
  });
}
