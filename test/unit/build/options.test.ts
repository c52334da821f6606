import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStartOptions, toProgramArguments } from '../../../build/lib/options.mjs';

const folder = resolve('/home/someone');

describe('parseStartOptions', () => {
  it('has defaults', () => {
    expect(parseStartOptions([], folder)).toEqual({
      headless: false,
      port: undefined,
      data: undefined,
      gatewayPort: undefined,
      simulate: false,
      open: true,
      help: false,
    });
  });

  it('reads every option, with a value behind it or behind an equals sign', () => {
    const args = [
      '--headless',
      '--port',
      '4100',
      '--data=here',
      '--gateway-port=off',
      '--simulate',
      '--no-open',
    ];
    expect(parseStartOptions(args, folder)).toEqual({
      headless: true,
      port: 4100,
      data: resolve(folder, 'here'),
      gatewayPort: 'off',
      simulate: true,
      open: false,
      help: false,
    });
  });

  it.each([
    [['--windowed']],
    [['4100']],
    [['--port']],
    [['--port', '--headless']],
    [['--port', '70000']],
    [['--port', '-1']],
    [['--port', '0x50']],
    [['--port=']],
    [['--data']],
    [['--gateway-port']],
    [['--gateway-port', 'on']],
    [['--gateway-port=70000']],
    [['--headless=yes']],
  ])('refuses %j with a code, the usage and exit code 2', (args) => {
    expect(() => parseStartOptions(args, folder)).toThrowError(
      expect.objectContaining({
        code: 'SETUP_OPTION',
        exitCode: 2,
        details: expect.stringContaining('Usage: npm start'),
      }),
    );
  });
});

describe('toProgramArguments', () => {
  it('gives on what the program knows, and nothing that is at its default', () => {
    expect(toProgramArguments(parseStartOptions([], folder))).toEqual([]);
    const options = parseStartOptions(
      ['--headless', '--port', '0', '--data', '/data', '--gateway-port', '0', '--simulate', '--no-open'],
      folder,
    );
    expect(toProgramArguments(options)).toEqual([
      '--port',
      '0',
      '--data',
      resolve('/data'),
      '--gateway-port',
      '0',
      '--simulate',
      '--no-open',
    ]);
  });
});
