/** Where the runner's program is: it is not a part of the agent's one file, because its libraries cannot be. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The named one, else the one beside the agent, else that of the Pilotlight folder which the agent is in. null if there
 * is none.
 * @param agent URL of the agent's program
 */
export function findRunnerProgram(named: string | null, agent: string): string | null {
  if (named !== null) return existsSync(named) ? named : null;
  const here = dirname(fileURLToPath(agent));
  const places = agent.endsWith('.ts')
    ? [join(here, '..', 'workers', 'runner', 'runner-worker.ts')]
    : [join(here, 'runner-worker.mjs'), join(here, '..', 'workers', 'runner-worker.mjs')];
  return places.find((path) => existsSync(path)) ?? null;
}
