/** The power actions that this machine supports, cached briefly because each reading queries the system. */
import { powerActions } from '../../../shared/models/power-actions.ts';
import type { Abilities, AgentHost, Clock } from '../../adapters/agent-host/types.ts';
import { errorText } from '../errors.ts';

const DEADLINE_MS = 8500;
const FRESH_MS = 30_000;

export interface AbilitiesOptions {
  clock: Pick<Clock, 'monotonic'>;
  host: Pick<AgentHost, 'abilities'>;
  log(message: string): void;
}

const complete = (known: Abilities) => powerActions.every((action) => known[action] !== undefined);

/**
 * Never rejects. A value that the system fails to report keeps its previous reading or is left out; the next call
 * retries.
 */
export function createAbilities({ clock, host, log }: AbilitiesOptions): () => Promise<Abilities> {
  let kept: { at: number; read: Promise<Abilities> } | null = null;
  let before: Abilities = {};

  return () => {
    if (kept !== null && clock.monotonic() - kept.at <= FRESH_MS) return kept.read;
    const asked = { at: clock.monotonic(), read: ask() };
    kept = asked;
    return asked.read;

    async function ask(): Promise<Abilities> {
      const now = await host
        .abilities(AbortSignal.timeout(DEADLINE_MS))
        .catch((error: unknown): Abilities => {
          log(`power: could not read what this machine can do: ${errorText(error)}`);
          return {};
        });
      if (!complete(now) && kept === asked) kept = null;
      before = { ...before, ...now };
      return before;
    }
  };
}
