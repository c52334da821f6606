/** Asks one base URL who answers there. */
import { agentApi, DEFAULT_AGENT_PORT, DEFAULT_RELAY_PORT } from '../../../shared/contract/agent.ts';
import { isPilotlightError, type PilotlightError } from '../../../shared/contract/errors.ts';
import { DEFAULT_SERVER_PORT } from '../fleet/validate.ts';
import type { Http } from '../ports/network.ts';
import { type Recognised, recogniseHealth, recogniseVersion, serverProblem } from './recognise-server.ts';

/** The ports that are looked at: Ollama's, an agent's, a relay's. */
export const LOOKED_AT_PORTS = [DEFAULT_SERVER_PORT, DEFAULT_AGENT_PORT, DEFAULT_RELAY_PORT] as const;

export interface Answer {
  /** What was asked, without a slash at its end. */
  url: string;
  recognised: Recognised | null;
  /** Why the server that answered cannot be used; null if nothing is known against it. */
  problem: PilotlightError | null;
  /** Why nothing was heard; null where something answered, known or not. */
  failure: PilotlightError | null;
}

/** Answers are a few hundred bytes; one that does not end is of somebody else. */
const MOST_BYTES = 64 * 1024;

/**
 * Asks for what is usual at that port, and at an unusual one for all that we know, unless `only` says for what.
 * Rejects with the signal's reason alone.
 */
export async function ask(
  http: Http,
  url: string,
  { deadlineMs, signal, only }: { deadlineMs: number; signal: AbortSignal; only?: 'health' },
): Promise<Answer> {
  const get = async (path: string) => {
    try {
      return await http.request({
        method: 'GET',
        url: `${url}${path}`,
        deadlineMs,
        maxBytes: MOST_BYTES,
        fresh: true,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (isPilotlightError(error)) return error;
      throw error;
    }
  };
  const port = Number(new URL(url).port);
  const askVersion = only === undefined && port !== DEFAULT_AGENT_PORT && port !== DEFAULT_RELAY_PORT;
  const askHealth = only === 'health' || port !== DEFAULT_SERVER_PORT;
  const [version, health] = await Promise.all([
    askVersion ? get('/api/version') : null,
    askHealth ? get(agentApi.health.path) : null,
  ]);
  const recognised =
    (version !== null && !isPilotlightError(version) ? recogniseVersion(version) : null) ??
    (health !== null && !isPilotlightError(health) ? recogniseHealth(health) : null);
  const replies = [version, health].filter((one) => one !== null);
  const failed = replies.filter((one) => isPilotlightError(one));
  const problem = version !== null && !isPilotlightError(version) ? serverProblem(version, url) : null;
  return { url, recognised, problem, failure: failed.length === replies.length ? (failed[0] ?? null) : null };
}

/** Whether a failed answer still says that a machine is there: it refused, or took the connection. */
export function showsMachine(failure: PilotlightError): boolean {
  const { reason, phase } = failure.details ?? {};
  return reason === 'refused' || phase === 'answer';
}
