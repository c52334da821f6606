/** The contract for programs of the same user, which have read the token of the endpoint file but never send it. */
import type { FastifyInstance } from 'fastify';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { type LocalAnswer, localCallSchema, localPaths } from '../../../shared/contract/link.ts';
import { challengeRequestSchema, sealedCallSchema } from '../../../shared/contract/local-calls.ts';
import type { Scope } from '../../../shared/contract/methods.ts';
import { createLocalCalls } from '../../adapters/http/local-calls/server.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { describe } from '../session.ts';
import { disconnectSignal } from './server.ts';

const scopes: ReadonlySet<Scope> = new Set<Scope>(['view', 'control']);
/** A sealed body is longer than what it contains. */
const bodyLimit = 2 * 1_048_576;

export interface LocalCallOptions {
  /** Of the endpoint file. */
  token: string;
  dispatcher: Dispatcher;
  /** A new address that opens the panel once. */
  oneTimeUrl(): string;
  clock: Pick<Clock, 'monotonic'>;
  log: Log;
}

/** Routes for `createHttpServer`. */
export function localCallRoutes({ token, dispatcher, oneTimeUrl, clock, log }: LocalCallOptions) {
  const calls = createLocalCalls({ token, monotonic: clock.monotonic });

  async function answerTo(given: unknown, signal: AbortSignal): Promise<LocalAnswer> {
    try {
      const call = localCallSchema.safeParse(given).data;
      if (call === undefined) throw new PilotlightError('BAD_REQUEST');
      if (call.do === 'open') return { result: oneTimeUrl() };
      const { method, params } = call;
      return { result: (await dispatcher.call({ method, params, scopes, signal })) ?? null };
    } catch (error) {
      return { error: describe(error, log) };
    }
  }

  return (app: FastifyInstance): void => {
    app.post(localPaths.challenge, async ({ body }) => {
      const request = challengeRequestSchema.safeParse(body).data;
      if (request === undefined) throw new PilotlightError('BAD_REQUEST');
      return calls.challenge(request);
    });
    app.post(localPaths.call, { bodyLimit }, async ({ body }, reply) => {
      const request = sealedCallSchema.safeParse(body).data;
      if (request === undefined) throw new PilotlightError('BAD_REQUEST');
      const opened = calls.open(request);
      if (opened === null) throw new PilotlightError('UNAUTHORIZED');
      return opened.answer(await answerTo(opened.call, disconnectSignal(reply)));
    });
  };
}
