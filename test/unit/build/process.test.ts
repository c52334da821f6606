import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, npmCommand, runtimeEnvironment } from '../../../build/lib/process.mjs';

const facts = { env: {}, execPath: '/opt/node/bin/node', exists: () => false, platform: 'linux' };

describe('npmCommand', () => {
  it('takes the npm that started us', () => {
    const script = '/opt/npm/bin/npm-cli.js';
    const command = npmCommand({
      ...facts,
      env: { npm_execpath: script },
      exists: (path) => path === script,
    });
    expect(command).toEqual({ command: '/opt/node/bin/node', args: [script], shell: false });
  });

  it('does not take another package manager for npm', () => {
    const command = npmCommand({ ...facts, env: { npm_execpath: '/opt/yarn.js' }, exists: () => false });
    expect(command.command).toBe('npm');
  });

  it('takes the npm beside the running Node', () => {
    const script = join('/opt/node', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
    const command = npmCommand({ ...facts, exists: (path) => path === script });
    expect(command).toEqual({ command: '/opt/node/bin/node', args: [script], shell: false });
  });

  it('asks a shell on Windows, where npm is a command file', () => {
    expect(npmCommand(facts).shell).toBe(false);
    expect(npmCommand({ ...facts, platform: 'win32' }).shell).toBe(true);
  });
});

describe('runtimeEnvironment', () => {
  it('puts the chosen Node first and keeps one spelling of PATH', () => {
    const env = runtimeEnvironment({
      node: '/runtime/bin/node',
      compileCache: '/cache',
      env: { Path: '/usr/bin', HOME: '/home/someone' },
    });
    expect(env).toEqual({
      Path: `/runtime/bin${delimiter}/usr/bin`,
      HOME: '/home/someone',
      NODE_COMPILE_CACHE: '/cache',
    });
  });

  it('keeps a compile cache that a person chose', () => {
    const env = runtimeEnvironment({
      node: '/n',
      compileCache: '/cache',
      env: { NODE_COMPILE_CACHE: '/own' },
    });
    expect(env.NODE_COMPILE_CACHE).toBe('/own');
  });
});

describe('exitCodeOf', () => {
  it('counts signals as a shell does', () => {
    expect(exitCodeOf(3, null)).toBe(3);
    expect(exitCodeOf(null, 'SIGTERM')).toBe(143);
    expect(exitCodeOf(null, null)).toBe(1);
  });
});
