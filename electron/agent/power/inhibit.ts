/** The lock against sleep while leases are live; changes are logged. */
import type { AgentHost, Inhibitor } from '../../adapters/agent-host/types.ts';
import { AgentError } from '../errors.ts';

export interface WatchedInhibitor extends Inhibitor {
  /** Why the requested lock is not held; null while it is held or being acquired. */
  problem(): { code: string; message: string; next: string } | null;
}

export interface WatchedInhibitorOptions {
  host: Pick<AgentHost, 'createInhibitor'>;
  /** Replaces the system's default. */
  command: readonly string[] | null;
  changed(): void;
  log(message: string): void;
}

export function createWatchedInhibitor(options: WatchedInhibitorOptions): WatchedInhibitor {
  const { host, command, changed, log } = options;
  let logged: string | null = null;

  const inhibitor = host.createInhibitor(command, () => {
    const { held, problem } = inhibitor.state();
    if (problem !== null && problem !== logged) {
      const { code, message, next } = notBlocked(problem);
      log(`inhibitor: ${code}: ${message} ${next}`);
    } else if (held && logged !== null) log('inhibitor: the machine is kept from sleeping again');
    // Between two tries the state is unknown: the same problem is not logged twice.
    if (problem !== null || held) logged = problem;
    changed();
  });

  return {
    ...inhibitor,
    problem() {
      const { held, problem } = inhibitor.state();
      return held || problem === null ? null : notBlocked(problem);
    },
  };
}

function notBlocked(problem: string): { code: string; message: string; next: string } {
  const { code, message, next } = new AgentError('SLEEP_NOT_BLOCKED');
  return { code, message: `${message} ${problem.replace(/\.$/, '')}.`, next };
}
