import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../electron/main/options.ts';

describe('readOptions', () => {
  it('reads what npm start passes on', () => {
    const argv = ['electron', '/repository', '--port', '4100', '--data', '/data', '--simulate', '--no-open'];
    expect(readOptions(argv, false)).toEqual({ port: 4100, data: '/data', simulate: true });
  });

  it('reads the options of a packaged program, which has no script', () => {
    expect(readOptions(['pilotlight', '--simulate'], true)).toEqual({
      port: undefined,
      data: undefined,
      simulate: true,
    });
  });

  it('passes over what Electron and the system add, and what makes no sense', () => {
    const argv = ['electron', '.', '--enable-features=Something', '-psn_0_1', 'file', '--port=x', '--data='];
    expect(readOptions(argv, false)).toEqual({ port: undefined, data: undefined, simulate: false });
  });
});
