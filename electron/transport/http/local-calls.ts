/** The contract for programs of the same user, which have read the token of the endpoint file but never send it. */
import type { FastifyInstance } from 'fastify';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { type LocalAnswer, localCallSchema, localPaths } from '../../../shared/contract/link.ts';
import { challengeRequestSchema, sealedCallSchema } from '../../../shared/contract/local-calls.ts';
import { everyRight } from '../../../shared/rights.ts';
import { createLocalCalls } from '../../adapters/http/local-calls/server.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { describe } from '../session.ts';
import { disconnectSignal } from './app.ts';

/** A sealed body is longer than what it contains. */
const bodyLimit = 2 * 1_048_576;

export interface LocalCallOptions {
  /** Of the endpoint file. */
  token: string;
  dispatcher: Dispatcher;
  /** A new address that opens the panel once. */
  oneTimeUrl(): string;
  /** The path of a private page that opens such an address; null if there can be none. */
  openingPage(place: 'private' | 'downloads'): string | null;
  clock: Pick<Clock, 'monotonic'>;
  log: Log;
}

/** Routes for `createHttpServer`. */
export function localCallRoutes(options: LocalCallOptions) {
  const { token, dispatcher, clock, log } = options;
  const calls = createLocalCalls({ token, monotonic: clock.monotonic });

  async function answerTo(given: unknown, signal: AbortSignal): Promise<LocalAnswer> {
    try {
      const call = localCallSchema.safeParse(given).data;
      if (call === undefined) throw new PilotlightError('BAD_REQUEST');
      if (call.do === 'open') return { result: options.oneTimeUrl() };
      if (call.do === 'page') return { result: options.openingPage(call.place) };
      const { method, params } = call;
      return { result: (await dispatcher.call({ method, params, scopes: everyRight, signal })) ?? null };
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
