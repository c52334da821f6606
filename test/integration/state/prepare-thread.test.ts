import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareState } from '../../../electron/adapters/state/prepare-thread.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { prepareStateEntry } from '../../../electron/host/program.ts';
import { plainText } from '../../../shared/models/message.ts';

const ENTRIES = 9000;

describe('preparing a state', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pilotlight-state-'));
    path = join(folder, 'state.sqlite');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Larger than what is read in the foreground. */
  function writeLarge(): void {
    const { store } = createSqliteStore({ path });
    store.transaction(() => {
      for (let count = 0; count < ENTRIES; count += 1) {
        store.activity.append({
          at: count,
          kind: 'system',
          severity: 'info',
          message: plainText('x'.repeat(500)),
        });
      }
    });
    store.close();
    expect(statSync(path).size).toBeGreaterThan(4 * 1024 * 1024);
  }

  const prepare = (entry = prepareStateEntry) => prepareState({ path, expected: true, entry });

  /** How often this thread came round while something was done. */
  async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    let done = false;
    const count = () => {
      turns += 1;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await work();
    done = true;
    return turns;
  }

  it('does a small one at once', async () => {
    createSqliteStore({ path }).store.close();
    expect(await prepare('/nowhere.ts')).toBeNull();
  });

  it('does a large one in a thread: this one stays free', async () => {
    writeLarge();
    expect(await turnsDuring(prepare)).toBeGreaterThan(1);
    const { store, damaged } = createSqliteStore({ path, prepared: null });
    expect(damaged).toBeNull();
    expect(store.activity.list({ limit: 1 })).toMatchObject([{ id: ENTRIES }]);
    store.close();
    await expect(prepare('/nowhere.ts')).rejects.toThrow('/nowhere.ts');
  });

  it('salvages a large one that is damaged, and reports what it found', async () => {
    writeLarge();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 8192);
    writeFileSync(path, bytes);
    const prepared = await prepare();
    expect(prepared).toMatchObject({ keptAs: `${path}.corrupt-1`, incomplete: ['activity'] });
    expect(readFileSync(`${path}.corrupt-1`).equals(bytes)).toBe(true);
    const { store, damaged } = createSqliteStore({ path, prepared });
    expect(damaged).toEqual(prepared);
    const saved = store.activity.list({ limit: 20_000 }).length;
    expect(saved).toBe(prepared?.rows.activity);
    expect(saved).toBeGreaterThan(ENTRIES * 0.9);
    store.close();
  });

  it('refuses a large one of a newer version, with the code and its details', async () => {
    writeLarge();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(prepare()).rejects.toMatchObject({ code: 'STATE_NEWER', details: { version: 99 } });
  });
});
