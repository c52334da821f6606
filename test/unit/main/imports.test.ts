import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What may be loaded when it is needed, because that is after the window has painted, or nearly never. */
const later = new Map([
  [
    'electron/main/main.ts',
    [
      ...['start-host.ts', 'host/runner.ts', 'desktop-host.ts', 'safe-storage.ts', 'utility-worker-host.ts'],
      ...['processes/process-group.ts', 'host/updates.ts', 'updates/installation.ts'],
      ...['update-installer.ts', 'electron-updater.ts'],
    ],
  ],
  // A saved window that is damaged.
  ['electron/main/window-memory.ts', ['set-aside.ts']],
]);

interface Imports {
  /** Loaded with the file: not its types. */
  static: string[];
  dynamic: string[];
}

function importsOf(file: string): Imports {
  const text = readFileSync(join(root, file), 'utf8');
  const resolved = (name: string) => (name.startsWith('.') ? join(dirname(file), name) : name);
  const first = (match: RegExpMatchArray) => resolved(match[1] ?? match[2] ?? '');
  return {
    static: [
      ...text.matchAll(
        /^(?:import|export) (?!type )[^;]*?from '([^']+)'(?: with \{[^}]*\})?;|^import '([^']+)';/gm,
      ),
    ].map(first),
    dynamic: [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(first),
  };
}

/** All that an entry loads, by way of whatever it imports. */
function loadedBy(entry: string, { dynamic = false } = {}): Set<string> {
  const found = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    if (!file.endsWith('.ts')) continue;
    const imports = importsOf(file);
    waiting.push(...imports.static);
    const named = later.get(file) ?? [];
    if (dynamic)
      waiting.push(...imports.dynamic.filter((name) => !named.some((end) => name.endsWith(`/${end}`))));
  }
  return found;
}

describe('what the main process loads before its window', () => {
  const loaded = loadedBy('electron/main/main.ts', { dynamic: true });

  it('is the shell alone: the core, its database and its servers come later', () => {
    expect(loaded).toContain('electron/main/window.ts');
    expect(loadedBy('electron/host/start-host.ts')).toContain('electron/core/compose.ts');
    // They give errors their codes, and check who owns the data folder.
    const light = ['folder-error', 'system-code']
      .concat(['inspect', 'trust', 'verdict', 'unsafe-error'].map((name) => `ownership/${name}`))
      .map((name) => `electron/adapters/${name}.ts`);
    const heavy = [...loaded].filter(
      (name) =>
        (!light.includes(name) && /^electron\/(core|adapters|simulator)\//.test(name)) ||
        ['electron/host/start-host.ts', 'node:http', 'ws'].includes(name),
    );
    expect(heavy).toEqual([]);
  });

  it('is nothing that could read, write or start something synchronously', () => {
    // Through files of other folders, too.
    expect(loaded).toContain('electron/host/data-folder.ts');
    expect(loadedBy('electron/host/start-host.ts')).toContain('node:sqlite');
    const synchronous = ['node:fs', 'node:sqlite', 'node:child_process', 'node:zlib', 'node:vm'];
    expect(synchronous.filter((name) => loaded.has(name))).toEqual([]);
  });

  it('leaves for later only what is there', () => {
    for (const [file, names] of later) {
      const { dynamic } = importsOf(file);
      for (const name of names)
        expect(
          dynamic.some((path) => path.endsWith(`/${name}`)),
          name,
        ).toBe(true);
    }
  });
});
