import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fuses } from '../../../build/electron-builder.mjs';

const root = fileURLToPath(new URL('../../../electron/', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const found = (pattern: RegExp) =>
  files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8'))).sort();

describe('programs of its own', () => {
  it('are started in two places only: a packaged Electron cannot run as Node', () => {
    expect(fuses.runAsNode).toBe(false);
    expect(found(/\bfork\b[^;]*\bfrom 'node:child_process'/)).toEqual(['adapters/processes/worker-host.ts']);
    expect(found(/\bprocess\.execPath\b/)).toEqual(
      [
        // Prints and writes the command line of a plain Node, or of the single file.
        'agent/install/install.ts',
        // An agent starts a copy of itself on trial, which is a plain Node or the single file.
        'agent/run.ts',
        'agent/update/way.ts',
        // The gateway of a headless core; the desktop app has one that ends with it.
        'adapters/processes/outliving-host.ts',
        // For yt-dlp and for the script of a worker, which run a plain Node.
        'adapters/processes/plain-node.ts',
        // The single file, which is Node itself, replaces itself.
        'cli/commands/update.ts',
        // The folder beside the program, where agents for other machines lie.
        'host/program.ts',
      ].sort(),
    );
  });

  it('are all started by Electron in the desktop app', () => {
    const main = readFileSync(join(root, 'main/main.ts'), 'utf8');
    expect(main).toContain('createUtilityWorkerHost(');
    expect(main).not.toContain('outlives');
    // Workers that have children ask for them.
    expect(found(/\bcreateForkWorkerHost\b/).filter((file) => file.startsWith('workers/'))).toEqual([]);
  });
});
