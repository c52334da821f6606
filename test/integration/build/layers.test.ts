import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cruiseTree,
  existingLayers,
  readConfiguration,
  unreadLayers,
  writeFiles,
} from '../../../build/lib/layers.mjs';

const configuration = readConfiguration(fileURLToPath(new URL('../../../', import.meta.url)));

describe('the layer check', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pilotlight-layers-'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('accepts a tree that keeps the law', async () => {
    writeFiles(root, {
      'shared/units.ts': 'export const kilobyte = 1000;\n',
      'electron/core/ports/time.ts': "export type { kilobyte } from '../../../shared/units.ts';\n",
      'electron/adapters/clock.ts':
        "import { join } from 'node:path';\nimport type * as ports from '../core/ports/time.ts';\nexport type { ports };\nexport { join };\n",
      'electron/host/host.ts': "export { join } from '../adapters/clock.ts';\n",
      'electron/main/main.ts': "export { join } from '../host/host.ts';\n",
      'renderer/main.tsx': "export { kilobyte } from '../shared/units.ts';\n",
    });
    const report = await cruiseTree(root, configuration);
    expect(report.violations).toEqual([]);
    expect(unreadLayers(existingLayers(root), report.modules)).toEqual([]);
    expect(report.modules).toHaveLength(6);
  });

  it('names a layer of which nothing was read', () => {
    const modules = ['shared/units.ts'];
    expect(unreadLayers(['shared', 'electron/core'], modules)).toEqual(['electron/core']);
  });

  it('reports a forbidden import of a type alone, with its two ends', async () => {
    writeFiles(root, {
      'electron/core/fleet.ts': "import type { B } from '../adapters/b.ts';\nexport type A = B;\n",
      'electron/adapters/b.ts': 'export type B = string;\n',
    });
    const { violations } = await cruiseTree(root, configuration);
    expect(violations).toEqual([
      { rule: 'room-core', from: 'electron/core/fleet.ts', to: 'electron/adapters/b.ts' },
    ]);
  });
});
