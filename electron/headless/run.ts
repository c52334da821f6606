import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import type { GatewayView } from '../../shared/models/gateway.ts';
import { textOf } from '../../shared/text/index.ts';
import type { Clock } from '../core/ports/time.ts';
import { findRunningCore } from '../host/core-client.ts';
import { openDataFolder } from '../host/data-folder.ts';
import type { OpeningPlace } from '../host/opening-pages.ts';
import { createLocalRunner } from '../host/runner.ts';
import type { Host, StartHost } from '../host/start-host.ts';
import { startOrJoin } from '../host/start-or-join.ts';
import type { PanelToOpen } from './open-browser.ts';
import { type HeadlessOptions, parseOptions, usage } from './options.ts';

export interface HeadlessWorld {
  clock: Clock;
  startHost: StartHost;
  openBrowser(panel: PanelToOpen): Promise<void>;
  /** Prints one line for the person. */
  print(line: string): void;
  /** Resolves when the person asks the program to stop. */
  stopAsked: Promise<void>;
}

/** Serves the panel until it is asked to stop. Rejects with the reason if it cannot start. */
export async function runHeadless(args: readonly string[], world: HeadlessWorld): Promise<void> {
  const options = parseOptions(args);
  if (options.help) {
    for (const line of usage) world.print(line);
    return;
  }
  const host = await startOrOpen(options, world);
  if (host === null) return;
  world.print(`The address signs a browser in once. Press Ctrl+C to stop Pilotlight.`);
  world.print(`Pilotlight is ready at ${host.oneTimeUrl()}`);
  const createPage = async (place: OpeningPlace) => host.openingPage(place);
  if (options.open) void world.openBrowser({ url: `${host.url}/`, createPage });
  // After the ready line, so that it delays nothing.
  void host.openGateway().then((view) => printGateway(view, world));
  await world.stopAsked;
  await host.stop();
}

/** Starts a core, or opens the panel of one that already runs with this data folder and returns null. */
async function startOrOpen(options: HeadlessOptions, world: HeadlessWorld): Promise<Host | null> {
  const { data, port, simulate, gatewayPort } = options;
  const result = await startOrJoin({
    start: () =>
      world.startHost({
        dataFolder: data,
        port,
        simulate,
        gateway: { port: gatewayPort, outlives: true },
        localRunner: createLocalRunner,
        worksOnTasks: true,
      }),
    async join() {
      const running = await findRunningCore(await openDataFolder(data));
      if (running !== null && simulate) await running.call('fleet.simulate', { on: true });
      return running && { running, url: await running.oneTimeUrl() };
    },
    clock: world.clock,
    onWait: () => world.print('Another Pilotlight is starting with this data folder. Waiting for it …'),
  });
  if ('own' in result) return result.own;
  world.print('Pilotlight is already running with this data folder. Opening its panel.');
  const { running, url } = result.joined;
  world.print(`Pilotlight is ready at ${url}`);
  printGateway(await running.call('gateway.get', {}), world);
  const createPage = (place: OpeningPlace) => running.openingPage(place);
  if (options.open) await world.openBrowser({ url: `${running.endpoint.url}/`, createPage });
  return null;
}

/** Where to point other programs, or why nothing listens there. A gateway that was turned off is no news. */
function printGateway({ state, url, problem }: GatewayView, world: Pick<HeadlessWorld, 'print'>): void {
  if (url !== null) world.print(`Point your programs here: ${url}`);
  if (problem !== null && state !== 'off') {
    for (const part of [problem.message, problem.next]) world.print(textOf(part));
  }
}

/** What a person reads if it could not start: the message with its code, and the next step. */
export function errorLines(error: unknown): string[] {
  const { code, message, next } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  const lines = [`${message} (${code})`, next];
  if (!isPilotlightError(error)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    lines.push(...stack.split('\n'));
  }
  return code === 'BAD_REQUEST' ? [...lines, ...usage] : lines;
}
