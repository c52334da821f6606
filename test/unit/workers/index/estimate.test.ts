import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { estimateFolder } from '../../../../electron/workers/index/estimate.ts';

const own = { is: async () => false, contain: async () => false, cover: () => false };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-estimate-'));
  writeFileSync(join(folder, 'a.txt'), 'A lamp is lit at dusk.');
  writeFileSync(join(folder, 'b.txt'), 'A lamp is lit at dusk.');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.runIf(process.platform !== 'win32')('passes over a pipe that has replaced a file', async () => {
  const replace = () => {
    rmSync(join(folder, 'a.txt'), { force: true });
    execFileSync('mkfifo', [join(folder, 'a.txt')]);
  };
  const estimate = await estimateFolder({
    ...{ root: folder, own, ignoreFiles: true, patterns: [] },
    ...{ chunkTokens: 200, signal: new AbortController().signal, monotonic: () => 0 },
    // Read after the walk, and before the files.
    get maxFileBytes() {
      replace();
      return 1000;
    },
  });
  expect(estimate).toMatchObject({ isComplete: true, files: 2 });
});
