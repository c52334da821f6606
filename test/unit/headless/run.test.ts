import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { PanelToOpen } from '../../../electron/headless/open-browser.ts';
import { errorLines, runHeadless } from '../../../electron/headless/run.ts';
import { waitForStopRequest } from '../../../electron/headless/stop-request.ts';
import type { Host } from '../../../electron/host/start-host.ts';
import { errorCatalogue, PilotlightError } from '../../../shared/contract/errors.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { plainText } from '../../../shared/models/message.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { aGatewayView } from '../../fakes/records.ts';

function createSignals() {
  const signals = new EventEmitter();
  const exits: number[] = [];
  const said: string[] = [];
  const asked = waitForStopRequest({
    signals,
    exit: (code) => exits.push(code),
    print: (line) => said.push(line),
  });
  return { signals, exits, said, asked };
}

describe('a request to stop', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s lets it stop by itself', async (signal) => {
    const { signals, exits, said, asked } = createSignals();
    signals.emit(signal, signal);
    await asked;
    expect(exits).toEqual([]);
    expect(said).toHaveLength(1);
  });

  it('made twice ends it at once', () => {
    const { signals, exits } = createSignals();
    signals.emit('SIGTERM', 'SIGTERM');
    signals.emit('SIGINT', 'SIGINT');
    expect(exits).toEqual([130]);
  });
});

describe('the headless program', () => {
  const url = 'http://127.0.0.1:4711/#token=abc';

  function run(args: string[]) {
    const lines: string[] = [];
    const opened: PanelToOpen[] = [];
    const started: unknown[] = [];
    let stopped = 0;
    const gateway = Promise.withResolvers<GatewayView>();
    const host = {
      url: 'http://127.0.0.1:4711',
      oneTimeUrl: () => url,
      openGateway: () => gateway.promise,
      openingPage: (place: string) => `/data/open/${place}.html`,
      stop: async () => {
        stopped += 1;
      },
    } as unknown as Host;
    const done = runHeadless(args, {
      clock: createFakeClock(),
      startHost: async (options) => {
        started.push(options);
        return host;
      },
      openBrowser: async (panel) => void opened.push(panel),
      print: (line) => lines.push(line),
      stopAsked: Promise.resolve(),
    });
    return { done, lines, opened, started, gateway, stops: () => stopped };
  }

  it('says where it is in its last line, opens it, and stops its core', async () => {
    const program = run(['--port', '4711', '--simulate', '--data', '/d']);
    await program.done;
    expect(program.started).toEqual([
      {
        port: 4711,
        simulate: true,
        dataFolder: '/d',
        gateway: { port: undefined, outlives: true },
        localRunner: expect.any(Function),
        worksOnTasks: true,
      },
    ]);
    expect(program.lines.at(-1)).toBe(`Pilotlight is ready at ${url}`);
    // What the browser is started with holds no token; that is in the page.
    expect(program.opened.map((panel) => panel.url)).toEqual(['http://127.0.0.1:4711/']);
    expect(await program.opened[0]?.createPage('private')).toBe('/data/open/private.html');
    expect(program.stops()).toBe(1);
  });

  it('names the address of the gateway after that, or why it does not listen', async () => {
    const program = run(['--gateway-port', '0']);
    await program.done;
    expect(program.started).toMatchObject([{ gateway: { port: 0 } }]);
    program.gateway.resolve(aGatewayView({ url: 'http://127.0.0.1:4712' }));
    await program.gateway.promise;
    expect(program.lines.at(-1)).toContain('http://127.0.0.1:4712');

    const failing = run([]);
    await failing.done;
    const problem = { code: 'PORT_IN_USE', message: plainText('Taken.'), next: plainText('Free it.') };
    failing.gateway.resolve(aGatewayView({ state: 'failed', url: null, problem }));
    await failing.gateway.promise;
    expect(failing.lines.slice(-2)).toEqual(['Taken.', 'Free it.']);

    const off = run(['--gateway-port', 'off']);
    await off.done;
    off.gateway.resolve(aGatewayView({ state: 'off', url: null, problem }));
    await off.gateway.promise;
    expect(off.lines.at(-1)).toBe(`Pilotlight is ready at ${url}`);
  });

  it('opens nothing with --no-open, and starts nothing with --help', async () => {
    const quiet = run(['--no-open']);
    await quiet.done;
    expect(quiet.opened).toEqual([]);
    const help = run(['--help']);
    await help.done;
    expect(help.started).toEqual([]);
    expect(help.lines.join('\n')).toContain('--simulate');
  });
});

describe('what a person reads when it cannot start', () => {
  it('is the sentence with its code, and the next step', () => {
    expect(errorLines(new PilotlightError('PORT_IN_USE', { message: 'Port 80 is in use.' }))).toEqual([
      'Port 80 is in use. (PORT_IN_USE)',
      errorCatalogue.PORT_IN_USE.next,
    ]);
  });

  it('has the trace of a defect, for a report', () => {
    const [first, , trace] = errorLines(new TypeError('lost'));
    expect(first).toContain('(INTERNAL)');
    expect(trace).toContain('TypeError: lost');
  });
});
