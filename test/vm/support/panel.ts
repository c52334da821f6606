/** The real core in this process, used through its contract. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CoreClient, findRunningCore } from '../../../electron/host/core-client.ts';
import { startHost } from '../../../electron/host/start-host.ts';
import type { StreamName } from '../../../shared/contract/streams.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { TelemetrySample } from '../../../shared/models/telemetry.ts';
import { createRememberingLog } from '../../fakes/transport.ts';
import { BOOT_MS, EVENT_MS, within } from './deadline.ts';
import { ports } from './guest.ts';

interface Entries {
  fleet: NodeView;
  power: NodePower;
  telemetry: TelemetrySample;
}

export interface Panel extends Pick<CoreClient, 'call'> {
  /** The first value of a node's entry in a stream that fits, now or later. */
  until<Name extends keyof Entries & StreamName>(
    stream: Name,
    nodeId: string,
    fits: (value: Entries[Name]) => boolean,
    what: string,
    ms?: number,
  ): Promise<Entries[Name]>;
  stop(): Promise<void>;
}

export async function startPanel(folder: string): Promise<Panel> {
  const dataFolder = join(folder, 'panel');
  mkdirSync(dataFolder, { recursive: true });
  const host = await startHost({
    dataFolder,
    // A port where nothing listens: an Ollama of this computer has no part in this.
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    checkResults: true,
    log: createRememberingLog(),
  });
  const client = await findRunningCore(dataFolder);
  if (client === null) throw new Error('The core does not answer.');
  const { streams, services } = host.core;
  // The guest is emulated: it takes its time.
  services.settings.update({
    fleet: { lookIntervalMs: 1000 },
    power: { helloPort: ports.hello, wakeTimeoutMs: BOOT_MS },
  });

  return {
    call: client.call,
    until(stream, nodeId, fits, what, ms = EVENT_MS) {
      type Value = Entries[typeof stream];
      const found = Promise.withResolvers<Value>();
      let last: unknown = null;
      const subscription = streams[stream].subscribe(null, ({ set }) => {
        for (const [key, value] of set) {
          if (key !== nodeId) continue;
          last = value;
          if (fits(value as Value)) found.resolve(value as Value);
        }
        return true;
      });
      return within(found.promise, what, ms)
        .catch((error: unknown) => {
          throw new Error(`${error} It is ${JSON.stringify(last)}`);
        })
        .finally(() => subscription.end());
    },
    stop: () => host.stop(),
  };
}
