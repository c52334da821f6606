import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeForeignBinaries } from '../../../build/lib/foreign-binaries.mjs';

let nodeModules: string;
beforeEach(() => {
  nodeModules = mkdtempSync(join(tmpdir(), 'pilotlight-modules-'));
});
afterEach(() => rmSync(nodeModules, { recursive: true, force: true }));

const binary = (system: string) =>
  join(nodeModules, 'onnxruntime-node/bin/napi-v6', system, 'onnxruntime_binding.node');

describe('the binaries of onnxruntime', () => {
  it('stay for this system, and go for all others', () => {
    const systems = ['linux/x64', 'linux/arm64', 'win32/x64', 'darwin/arm64'];
    for (const system of systems) {
      mkdirSync(join(binary(system), '..'), { recursive: true });
      writeFileSync(binary(system), 'binary');
    }
    removeForeignBinaries(nodeModules, { platform: 'linux', arch: 'arm64' });
    expect(systems.filter((system) => existsSync(binary(system)))).toEqual(['linux/arm64']);
    expect(removeForeignBinaries(nodeModules, { platform: 'linux', arch: 'arm64' })).toEqual([]);
  });

  it('need not be there', () => {
    expect(removeForeignBinaries(nodeModules)).toEqual([]);
  });
});
