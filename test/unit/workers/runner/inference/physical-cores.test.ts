import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { physicalCores } from '../../../../../electron/workers/runner/inference/physical-cores.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Processors as Linux lists them: the siblings of each; null for one that is switched off. */
function machine(siblings: readonly (string | null)[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-cores-'));
  folders.push(folder);
  mkdirSync(join(folder, 'cpufreq'));
  for (const [index, list] of siblings.entries()) {
    const topology = join(folder, `cpu${index}`, 'topology');
    mkdirSync(list === null ? join(folder, `cpu${index}`) : topology, { recursive: true });
    if (list !== null) writeFileSync(join(topology, 'thread_siblings_list'), `${list}\n`);
  }
  return folder;
}

describe('physical cores', () => {
  it('are counted once, whatever number of processors they have', () => {
    expect(physicalCores(machine(['0,2', '1,3', '0,2', '1,3']), 8)).toBe(2);
    expect(physicalCores(machine(['0-1', '0-1', '2', '3']), 8)).toBe(3);
    expect(physicalCores(machine(['0', '1', null]), 8)).toBe(2);
  });

  it('are never more than the process may use', () => {
    expect(physicalCores(machine(['0', '1', '2', '3']), 2)).toBe(2);
  });

  it('are not known where the system does not say', () => {
    expect(physicalCores(machine([null, null]), 8)).toBeNull();
    expect(physicalCores(join(tmpdir(), 'no-such-folder-of-processors'), 8)).toBeNull();
  });
});
