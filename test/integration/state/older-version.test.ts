/** A core that starts with the state of an older version reads all of it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { migrate, migrations } from '../../../electron/adapters/state/migrations.ts';
import { findRunningCore } from '../../../electron/host/core-client.ts';
import { startHost } from '../../../electron/host/start-host.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import { textOf } from '../../../shared/text/index.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

const folder = mkdtempSync(join(tmpdir(), 'pilotlight-older-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The last version that saved the reasons of moves as text. */
const VERSION = 6;

const move = {
  at: Date.UTC(2026, 10, 20, 9),
  nodeId: 'nas',
  nodeName: 'nas',
  model: 'llama3.1:8b',
  by: 'optimizer',
  from: 'cpu',
  to: 'cpu',
  wanted: 'gpu',
  outcome: 'failed',
  reason: 'The server says: CUDA error: out of memory. It is on the CPU, as before.',
  code: 'OUT_OF_MEMORY',
  durationMs: 4100,
  evicted: [],
  restored: ['llama3.2:3b'],
};

function writeState(path: string): void {
  const database = new DatabaseSync(path);
  migrate(database, migrations.slice(0, VERSION));
  const insert = database.prepare('INSERT INTO moves (at, value) VALUES (?, ?)');
  insert.run(move.at, JSON.stringify(move));
  insert.run(
    move.at + 1,
    JSON.stringify({ ...move, outcome: 'moved', to: 'gpu', code: null, reason: 'It fits.' }),
  );
  database.close();
}

describe('the moves of an older version', () => {
  it('are listed, streamed and readable as text', async () => {
    const dataFolder = join(folder, 'data');
    mkdirSync(dataFolder, { mode: 0o700 });
    writeState(join(dataFolder, 'state.sqlite'));
    const host = await startHost({
      dataFolder,
      environment: { OLLAMA_HOST: '127.0.0.1:1' },
      panelRoot: null,
      checkResults: true,
      log: createRememberingLog(),
    });
    try {
      const client = await findRunningCore(host.dataFolder);
      const listed = (await client?.call('optimizer.history', { limit: 10 })) ?? [];
      expect(listed).toMatchObject([
        { id: 2, outcome: 'moved', reason: plainText('It fits.') },
        { ...move, id: 1, reason: plainText(move.reason) },
      ]);
      expect(listed.map(({ reason }) => textOf(reason))).toEqual(['It fits.', move.reason]);
      expect(host.core.streams.moves.values()).toEqual(listed.toReversed());
      const status = await client?.call('optimizer.status', {});
      expect(status?.summary).toEqual(fact('NOT_CHECKED_YET'));
    } finally {
      await host.stop();
    }
  });
});
