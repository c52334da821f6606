/** Connects to a core: the one that runs with the data folder, or one started just for the command. */
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { MethodInput, MethodName, MethodResult } from '../../shared/contract/methods.ts';
import { everyRight } from '../../shared/rights.ts';
import { createSystemClock } from '../adapters/clock.ts';
import { type CoreClient, findRunningCore } from '../host/core-client.ts';
import { openDataFolder } from '../host/data-folder.ts';
import { type CreateLocalRunner, createLocalRunner } from '../host/runner.ts';
import { startHost } from '../host/start-host.ts';
import { startOrJoin } from '../host/start-or-join.ts';

export interface CoreLink {
  /** True when the core was running before the command and keeps running after it. */
  readonly running: boolean;
  call<Name extends MethodName>(
    method: Name,
    params: MethodInput<Name>,
    signal?: AbortSignal,
  ): Promise<MethodResult<Name>>;
  oneTimeUrl(): Promise<string>;
  close(): Promise<void>;
}

export type Need = 'running' | 'any' | 'fresh' | 'indexing';

/**
 * @param need `running` fails with NOT_RUNNING if none runs. In a core of our own, `fresh` waits for
 * the first check of each node, and only `indexing` resumes an unfinished job, which may wake a machine.
 */
export async function connect(options: {
  dataFolder: string | undefined;
  need: Need;
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}): Promise<CoreLink> {
  const dataFolder = await openDataFolder(options.dataFolder);
  const running = async () => {
    const client = await findRunningCore(dataFolder, options.signal);
    return client && linkTo(client, options.signal);
  };
  const first = await running();
  if (first !== null) return first;
  if (options.need === 'running') throw new PilotlightError('NOT_RUNNING');
  const result = await startOrJoin({
    start: () => startOwn({ ...options, dataFolder }),
    join: running,
    clock: createSystemClock(),
    signal: options.signal,
  });
  return 'own' in result ? result.own : result.joined;
}

function linkTo(client: CoreClient, otherwise: AbortSignal): CoreLink {
  return {
    running: true,
    call: (method, params, signal) => client.call(method, params, signal ?? otherwise),
    oneTimeUrl: () => client.oneTimeUrl(otherwise),
    close: async () => {},
  };
}

/** One command starts a runner only for what it does itself, not because there are models. */
const runnerIfNeeded: CreateLocalRunner = (options) => ({
  ...createLocalRunner(options),
  hasModels: async () => false,
});

async function startOwn(options: {
  dataFolder: string;
  need: Need;
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}): Promise<CoreLink> {
  const { dataFolder, environment } = options;
  const resumeJobs = options.need === 'indexing';
  const host = await startHost({ dataFolder, environment, resumeJobs, localRunner: runnerIfNeeded });
  const link: CoreLink = {
    running: false,
    call: (method, params, signal) =>
      host.dispatcher.call({
        method,
        params,
        scopes: everyRight,
        signal: signal ?? options.signal,
      }) as ReturnType<typeof link.call<typeof method>>,
    oneTimeUrl: async () => host.oneTimeUrl(),
    close: () => host.stop(),
  };
  try {
    if (options.need === 'fresh') await link.call('fleet.look', {});
    return link;
  } catch (error) {
    await host.stop();
    throw error;
  }
}
