import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const main = join(root, 'electron/main');

/** What a file imports when it is loaded: not types, and not what it loads later. */
function staticImports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';|^import '([^']+)';/gm)]
    .map((match) => match[1] ?? match[2] ?? '')
    .map((name) => (name.startsWith('.') ? join(dirname(file), name) : name));
}

function loadedBy(entry: string): Set<string> {
  const found = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    if (file.endsWith('.ts')) waiting.push(...staticImports(file));
  }
  return found;
}

describe('what the main process loads before its window', () => {
  const loaded = loadedBy('electron/main/main.ts');

  it('is the shell alone: the core, its database and its servers come later', () => {
    expect(loaded).toContain('electron/main/window.ts');
    expect(loadedBy('electron/host/start-host.ts')).toContain('electron/core/compose.ts');
    const heavy = [...loaded].filter(
      (name) =>
        /^electron\/(core|adapters|simulator)\//.test(name) ||
        ['electron/host/start-host.ts', 'node:sqlite', 'fastify', 'ws', 'node:http'].includes(name),
    );
    expect(heavy).toEqual([]);
  });

  it('reads and writes files only in the background', () => {
    for (const name of readdirSync(main)) {
      expect(staticImports(`electron/main/${name}`), name).not.toContain('node:fs');
    }
  });
});
