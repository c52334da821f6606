/** The runner of this computer: one for each user, whichever program starts it first. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { type HeldPort, holdPort } from '../adapters/processes/runner/hold-port.ts';
import { runnerFolder } from '../adapters/processes/runner/instance.ts';
import { type OpenedRunner, openRunner } from '../adapters/processes/runner/open-runner.ts';
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

/** Where the last one was, for programs that remember its address. */
interface LastAddress {
  port: number;
  token: string;
  held: Promise<HeldPort> | null;
}

export const createLocalRunner: CreateLocalRunner = ({
  dataFolder,
  log,
  createWorkerHost = createForkWorkerHost,
}) => {
  let last: LastAddress | null = null;

  function release(address: LastAddress | null): void {
    void address?.held?.then((held) => held.release());
    if (address !== null) address.held = null;
  }

  /** When it ends without having been asked to, its address is kept for the next one. */
  function remember(opened: OpenedRunner): OpenedRunner {
    if (!opened.owned) {
      last = null;
      return opened;
    }
    const address: LastAddress = { port: Number(new URL(opened.url).port), token: opened.token, held: null };
    let isStopping = false;
    last = address;
    opened.onExit(() => {
      if (!isStopping && last === address) address.held = holdPort(address.port);
    });
    return {
      ...opened,
      stop() {
        isStopping = true;
        release(address);
        return opened.stop();
      },
    };
  }

  return {
    async hasModels() {
      const text = await readFile(join(runnerFolder(dataFolder), 'models.json'), 'utf8').catch(() => '');
      const found = parseJson(text) as { models?: unknown } | null | undefined;
      return Array.isArray(found?.models) && found.models.length > 0;
    },
    async open({ idleSeconds, ...options }, signal) {
      const before = last;
      try {
        const opened = await openRunner({
          dataFolder,
          entry: runnerWorkerEntry,
          version,
          log,
          signal,
          held: (await before?.held) ?? null,
          config: {
            ...options,
            ...(before === null ? {} : { port: before.port, token: before.token }),
            idleMs: idleSeconds === 0 ? null : idleSeconds * 1000,
          },
          createWorkerHost: (worker) =>
            createWorkerHost({ ...worker, name: 'runner', children: { inference: inferenceWorkerEntry } }),
        });
        release(before);
        return remember(opened);
      } catch (error) {
        // Stopped: nobody is to come back.
        if (signal.aborted) release(before);
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
  };
};
