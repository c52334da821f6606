/** The routes of the agent, for its own program on the same machine: without sending the token. */
import * as z from 'zod/mini';
import { agentApi } from '../../../shared/contract/agent.ts';
import { createLocalCalls } from '../../adapters/http/local-calls/server.ts';
import { AgentError, toAgentError } from '../errors.ts';
import { createRouter, type Exchange, ok, type Reply, type Route, serve } from './route.ts';

/** What is sealed in a call; the answer is `{status, body}`. */
const callSchema = z.object({
  method: z.string(),
  path: z.string(),
  body: z.optional(z.unknown()),
});

/** @param routes those that may be called */
export function localRoutes(
  routes: readonly Route[],
  options: { token: string; monotonic: () => number },
): Route[] {
  const calls = createLocalCalls(options);
  const find = createRouter(routes);

  /** The answer of the route, or its refusal. */
  async function answerTo(call: unknown, exchange: Exchange): Promise<Reply> {
    try {
      const { method, path, body } = z.parse(callSchema, call);
      const { found } = find(method, path);
      if (found === null) throw new AgentError('NOT_FOUND');
      const { route, params } = found;
      const inner = { ...exchange, method, path, params, header: () => undefined, body: async () => body };
      const reply = await route.handle(inner);
      if ('stream' in reply) throw new AgentError('NOT_FOUND');
      return reply;
    } catch (thrown) {
      const error = toAgentError(thrown);
      return { status: error.status, body: error.toBody() };
    }
  }

  return [
    serve(agentApi.localChallenge, (request) => ok(calls.challenge(request))),
    serve(agentApi.localCall, async (request, exchange) => {
      const opened = calls.open(request);
      if (opened === null) throw new AgentError('UNAUTHORIZED');
      return ok(opened.answer(await answerTo(opened.call, exchange)));
    }),
  ];
}
