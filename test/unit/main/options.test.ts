import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../electron/main/options.ts';

describe('readOptions', () => {
  it('reads what npm start passes on', () => {
    const argv = ['electron', '/repository', '--port', '4100', '--data', '/data', '--simulate', '--no-open'];
    expect(readOptions(argv, false)).toEqual({
      port: 4100,
      data: '/data',
      simulate: true,
      gatewayPort: undefined,
    });
    const gatewayPort = (text: string) =>
      readOptions(['e', '.', `--gateway-port=${text}`], false).gatewayPort;
    expect([gatewayPort('0'), gatewayPort('off'), gatewayPort('many')]).toEqual([0, 'off', undefined]);
  });

  it('reads the options of a packaged program, which has no script', () => {
    expect(readOptions(['pilotlight', '--simulate'], true)).toEqual({
      port: undefined,
      data: undefined,
      simulate: true,
      gatewayPort: undefined,
    });
  });

  it('passes over what Electron and the system add, and what makes no sense', () => {
    const argv = ['electron', '.', '--enable-features=Something', '-psn_0_1', 'file', '--port=x', '--data='];
    expect(readOptions(argv, false)).toEqual({
      port: undefined,
      data: undefined,
      simulate: false,
      gatewayPort: undefined,
    });
  });
});
