/** Finds out what answers at one base URL. */
import { agentApi, DEFAULT_AGENT_PORT, DEFAULT_RELAY_PORT } from '../../../shared/contract/agent.ts';
import { isPilotlightError, type PilotlightError } from '../../../shared/contract/errors.ts';
import { DEFAULT_SERVER_PORT } from '../fleet/validate.ts';
import type { Http } from '../ports/network.ts';
import {
  type Recognised,
  recogniseHealth,
  recogniseModels,
  recogniseVersion,
  serverProblem,
} from './recognise-server.ts';

/** Ollama's, an agent's and a relay's. */
export const PROBED_PORTS = [DEFAULT_SERVER_PORT, DEFAULT_AGENT_PORT, DEFAULT_RELAY_PORT] as const;

export interface Answer {
  /** The base URL that was asked, without a trailing slash. */
  url: string;
  recognised: Recognised | null;
  /** Why the server that answered cannot be used; null if nothing is known against it. */
  problem: PilotlightError | null;
  /** Why there was no answer; null if anything answered, known or not. */
  failure: PilotlightError | null;
}

/** Known answers have a few hundred bytes. */
const MOST_BYTES = 64 * 1024;

/**
 * Asks for what usually answers at that port; at any other port for all of it, unless `only` limits that. Rejects only
 * with the signal's reason.
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
  const known =
    (version !== null && !isPilotlightError(version) ? recogniseVersion(version) : null) ??
    (health !== null && !isPilotlightError(health) ? recogniseHealth(health) : null);
  // Asked only where something answers that is nothing of these.
  const models =
    known === null && version !== null && !isPilotlightError(version) ? await get('/v1/models') : null;
  const recognised =
    known ?? (models !== null && !isPilotlightError(models) ? recogniseModels(models) : null);
  const replies = [version, health].filter((one) => one !== null);
  const failed = replies.filter((one) => isPilotlightError(one));
  const problem =
    [version, models]
      .map((reply) => (reply === null || isPilotlightError(reply) ? null : serverProblem(reply, url)))
      .find((one) => one !== null) ?? null;
  return { url, recognised, problem, failure: failed.length === replies.length ? (failed[0] ?? null) : null };
}

/** Whether a failure still shows that a machine is there: it refused or accepted the connection. */
export function showsMachine(failure: PilotlightError): boolean {
  const { reason, phase } = failure.details ?? {};
  return reason === 'refused' || phase === 'answer';
}
