import { describe, expect, it } from 'vitest';
import { browserCommand } from '../../../electron/headless/open-browser.ts';
import { parseOptions } from '../../../electron/headless/options.ts';

describe('the options of the headless program', () => {
  const defaults = {
    port: undefined,
    data: undefined,
    simulate: false,
    open: true,
    gatewayPort: undefined,
    help: false,
  };

  it.each([
    [[], defaults],
    [['--headless'], defaults],
    [['--port', '4711'], { ...defaults, port: 4711 }],
    [['--port=0'], { ...defaults, port: 0 }],
    [
      ['--data', '/x y', '--simulate', '--no-open'],
      { ...defaults, data: '/x y', simulate: true, open: false },
    ],
    [['--gateway-port', '0'], { ...defaults, gatewayPort: 0 }],
    [['--gateway-port=off'], { ...defaults, gatewayPort: 'off' }],
    [['-h'], { ...defaults, help: true }],
  ])('%j', (args, expected) => {
    expect(parseOptions(args)).toEqual(expected);
  });

  it.each([
    [['--por', '1'], '--por'],
    [['--port', '65536'], '65536'],
    [['--port', '1e3'], '1e3'],
    [['--port='], '--port'],
    [['--data'], '--data'],
    [['--gateway-port', 'on'], '"on"'],
    [['--gateway-port', '70000'], '70000'],
    [['--simulate=yes'], '--simulate'],
    [['file'], 'file'],
  ])('%j is refused by name', (args, named) => {
    expect(() => parseOptions(args)).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringContaining(named) }),
    );
  });
});

describe('the browser', () => {
  const url = 'file:///data/open/0123.html';

  it.each([
    ['darwin', {}, ['open', [url]]],
    ['win32', {}, ['rundll32.exe', ['url.dll,FileProtocolHandler', url]]],
    ['linux', { DISPLAY: ':0' }, ['xdg-open', [url]]],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', [url]]],
    ['linux', {}, null],
    ['linux', { DISPLAY: '' }, null],
  ] as const)('on %s with %j is %j', (platform, env, expected) => {
    expect(browserCommand(url, { platform, env })).toEqual(expected);
  });
});
