/** A way to a core: the one that runs with the data folder, or one of our own for as long as the command takes. */
import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import type { MethodInput, MethodName, MethodResult, Scope } from '../../shared/contract/methods.ts';
import { findRunningCore } from '../host/core-client.ts';
import { openDataFolder } from '../host/data-folder.ts';
import { startHost } from '../host/start-host.ts';

export interface CoreLink {
  /** True when the core was there before the command and stays after it. */
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

const scopes: ReadonlySet<Scope> = new Set<Scope>(['view', 'control']);

/**
 * @param need `running` refuses with NOT_RUNNING where none runs. Where the core is our own, `fresh` waits for
 * the first look at each node, and only `indexing` takes up a job that was not finished, which may wake a machine.
 */
export async function connect(options: {
  dataFolder: string | undefined;
  need: Need;
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}): Promise<CoreLink> {
  const dataFolder = openDataFolder(options.dataFolder);
  for (let attempt = 0; ; attempt += 1) {
    const client = await findRunningCore(dataFolder, options.signal);
    if (client) {
      return {
        running: true,
        call: (method, params, signal) => client.call(method, params, signal ?? options.signal),
        oneTimeUrl: () => client.oneTimeUrl(options.signal),
        close: async () => {},
      };
    }
    if (options.need === 'running') throw new PilotlightError('NOT_RUNNING');
    try {
      return await startOwn({ ...options, dataFolder });
    } catch (error) {
      // Another core is starting this moment: it will answer soon.
      const starting = isPilotlightError(error) && error.code === 'ALREADY_RUNNING';
      if (!starting || attempt >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
      options.signal.throwIfAborted();
    }
  }
}

async function startOwn(options: {
  dataFolder: string;
  need: Need;
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}): Promise<CoreLink> {
  const { dataFolder, environment } = options;
  const resumeJobs = options.need === 'indexing';
  const host = await startHost({ dataFolder, environment, resumeJobs });
  const link: CoreLink = {
    running: false,
    call: (method, params, signal) =>
      host.dispatcher.call({ method, params, scopes, signal: signal ?? options.signal }) as ReturnType<
        typeof link.call<typeof method>
      >,
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
