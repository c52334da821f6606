/** The runner of this computer: one for each data folder, whichever program starts it first. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { runnerFolder } from '../adapters/processes/runner/instance.ts';
import { openRunner } from '../adapters/processes/runner/open-runner.ts';
import { createForkWorkerHost } from '../adapters/processes/worker-host.ts';
import type { Log } from '../core/ports/log.ts';
import type { LocalRunner } from '../core/ports/runner.ts';
import type { CreateWorkerHost } from './ports.ts';
import { inferenceWorkerEntry, runnerWorkerEntry, version } from './program.ts';

export interface HostRunnerOptions {
  dataFolder: string;
  log: Log;
  createWorkerHost?: CreateWorkerHost | undefined;
}

export type CreateLocalRunner = (options: HostRunnerOptions) => LocalRunner;

export const createLocalRunner: CreateLocalRunner = ({
  dataFolder,
  log,
  createWorkerHost = createForkWorkerHost,
}) => ({
  async hasModels() {
    const text = await readFile(join(runnerFolder(dataFolder), 'models.json'), 'utf8').catch(() => '');
    const found = parseJson(text) as { models?: unknown } | null | undefined;
    return Array.isArray(found?.models) && found.models.length > 0;
  },
  async open({ idleSeconds, ...options }, signal) {
    try {
      return await openRunner({
        dataFolder,
        entry: runnerWorkerEntry,
        version,
        log,
        signal,
        config: { ...options, idleMs: idleSeconds === 0 ? null : idleSeconds * 1000 },
        createWorkerHost: (worker) =>
          createWorkerHost({ ...worker, name: 'runner', children: { inference: inferenceWorkerEntry } }),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!isPilotlightError(error)) throw new PilotlightError('RUNNER_NOT_STARTED', { cause: error });
      const { said, message, code, details } = error;
      throw new PilotlightError('RUNNER_NOT_STARTED', {
        message: said ?? message,
        details: { ...details, code },
        cause: error,
      });
    }
  },
});
