/** Programs that stand in for a system's tools, each a script of this Node. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function createTool(code: string) {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-tool-'));
  const path = join(folder, 'nvidia-smi');
  writeFileSync(path, `#!${process.execPath}\n${code}\n`);
  chmodSync(path, 0o755);
  return { path, folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Resolves when `check` holds; looks again whenever `changed` is called. */
export function createWatch() {
  const looks = new Set<() => void>();
  return {
    changed() {
      for (const look of looks) look();
    },
    until: (check: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!check()) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
  };
}
