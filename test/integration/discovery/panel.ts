/** The part of a panel that looks for machines, as a process of its own: orders come in as lines, answers go out. */
import { createInterface } from 'node:readline';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createSurroundings } from '../../../electron/adapters/network/surroundings.ts';
import { createDgramUdp } from '../../../electron/adapters/network/udp.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { createDiscoveryService } from '../../../electron/core/discovery/service.ts';
import { createStreams } from '../../../electron/core/runtime/streams.ts';

const clock = createSystemClock();
const silent = () => {};
const streams = createStreams({ clock, epoch: 'run' });
const discovery = createDiscoveryService({
  clock,
  log: { debug: silent, info: silent, warn: silent, error: console.error },
  http: createNodeHttp(),
  udp: createDgramUdp(),
  surroundings: createSurroundings(),
  streams,
  fleet: { list: () => [] },
  agentMachine: async () => null,
});
const { signal } = new AbortController();

function ended(): Promise<unknown> {
  return new Promise((resolve) => {
    const subscription = streams.discovery.subscribe(null, () => {
      const status = discovery.current();
      if (status.state !== 'running') {
        resolve(status);
        setImmediate(() => subscription.end());
      }
      return true;
    });
  });
}

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [order, ...rest] = JSON.parse(line);
  if (order === 'networks') say(discovery.networks());
  if (order === 'inspect')
    say(await discovery.inspect(rest[0], signal).catch((error) => ({ code: error.code })));
  if (order === 'start') {
    discovery.start({ subnets: rest[0], announced: true, neighbours: true });
    say(await ended());
  }
  if (order === 'cancel') {
    discovery.start({ subnets: rest[0], announced: true, neighbours: true });
    await new Promise(setImmediate);
    discovery.cancel();
    await discovery.stop();
    say({
      ...discovery.current(),
      left: process.getActiveResourcesInfo().filter((one) => one.startsWith('TCP')),
    });
  }
}
process.exit(0);
