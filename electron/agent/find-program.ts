/** Where the programs of the roles are that are not a part of the agent's one file. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param named the one that a person named; null for none. @param agent URL of the agent's program */
export type FindProgram = (named: string | null, agent: string) => string | null;

/** The named one, else the one beside the agent, else that of the Pilotlight folder which the agent is in. */
const finder =
  (folder: string, name: string): FindProgram =>
  (named, agent) => {
    if (named !== null) return existsSync(named) ? named : null;
    const here = dirname(fileURLToPath(agent));
    const places = agent.endsWith('.ts')
      ? [join(here, '..', 'workers', folder, `${name}.ts`)]
      : [join(here, `${name}.mjs`), join(here, '..', 'workers', `${name}.mjs`)];
    return places.find((path) => existsSync(path)) ?? null;
  };

/** Its libraries cannot be in one file. */
export const findRunnerProgram = finder('runner', 'runner-worker');

/** It runs in processes of its own. */
export const findWorkerProgram = finder('tasks', 'task-worker');
