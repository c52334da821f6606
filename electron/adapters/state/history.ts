import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BucketLength, BucketRow } from '../../core/ports/history.ts';
import type { Store } from '../../core/ports/state.ts';
import { createHistoryAccess } from './history-access.ts';

/** Rows deleted at a time: a fleet that returns after weeks must not block everything for seconds. */
const PRUNED_AT_ONCE = 20_000;
const TENTHS = 10;
const MIB = 1_048_576;

const COLUMNS = `node, serving, vectors, vram_total, vram_used, vram_time, utilisation, utilisation_time,
  utilisation_max, power, power_time, temperature_max, models, vram_used_min, vram_used_max, utilisation_min,
  power_min, power_max, temperature, temperature_time, temperature_min`;

interface Names {
  has(name: string): boolean;
  /** Assigns a new name a number, in the transaction in progress. */
  idOf(name: string): number;
  nameOf(id: number): string | undefined;
  reload(): void;
}

/** More names of models than these are looked through at the start. */
const MOST_MODELS = 2000;

/** The history in `telemetry_buckets`, where node ids and model names are stored as numbers. */
export function createHistoryStore({
  database,
  statement,
}: {
  database: DatabaseSync;
  statement: (sql: string) => StatementSync;
}): Store['history'] {
  const { inTransaction: transact, all } = createHistoryAccess({ database, statement });
  forgetUnusedModels();
  const nodes = createNames('node');
  const models = createNames('model');

  /** Names of models whose last bucket was pruned. All buckets are read for it, so not before there are many names. */
  function forgetUnusedModels(): void {
    const [count] = all("SELECT count(*) AS count FROM telemetry_names WHERE kind = 'model'");
    if (Number(count?.count) <= MOST_MODELS) return;
    try {
      all(
        `DELETE FROM telemetry_names WHERE kind = 'model' AND id NOT IN (
           SELECT pair.value FROM telemetry_buckets, json_each(models) AS pair
           WHERE models IS NOT NULL AND json_valid(models) AND pair.key % 2 = 0
         )`,
      );
    } catch {
      // A full disk: they are forgotten at another start.
    }
  }

  /** Maps names to numbers and back. */
  function createNames(kind: 'node' | 'model'): Names {
    const ids = new Map<string, number>();
    const names = new Map<number, string>();
    const learn = (id: number, name: string) => {
      ids.set(name, id);
      names.set(id, name);
    };
    const reload = () => {
      ids.clear();
      names.clear();
      const rows = statement('SELECT id, name FROM telemetry_names WHERE kind = ?').all(kind);
      for (const row of rows) learn(Number(row.id), String(row.name));
    };
    reload();
    return {
      reload,
      has: (name) => ids.has(name),
      nameOf: (id) => names.get(id),
      idOf(name) {
        const known = ids.get(name);
        if (known !== undefined) return known;
        const added = statement(
          `INSERT INTO telemetry_names (kind, name) VALUES (?, ?)
           ON CONFLICT (kind, name) DO UPDATE SET name = excluded.name RETURNING id`,
        ).get(kind, name);
        const id = Number(added?.id);
        learn(id, name);
        return id;
      },
    };
  }

  const inTransaction = (work: () => void) =>
    transact(work, () => {
      nodes.reload();
      models.reload();
    });

  function put({ nodeId, seconds, start, totals }: BucketRow): void {
    const { vramUsed, vramUsedBounds, utilisation, utilisationBounds, power, powerBounds } = totals;
    const { temperature, temperatureBounds } = totals;
    const named = [...totals.models].flatMap(([model, amount]) => [models.idOf(model), whole(amount / MIB)]);
    statement(
      `INSERT OR REPLACE INTO telemetry_buckets (seconds, start, ${COLUMNS})
       VALUES (${Array.from({ length: 23 }, () => '?').join()})`,
    ).run(
      seconds,
      slot(start, seconds),
      nodes.idOf(nodeId),
      whole(totals.servingSeconds * TENTHS),
      whole(totals.vectors),
      wholeOrNull(totals.vramTotalBytes),
      whole(vramUsed.sum / MIB),
      whole(vramUsed.seconds * TENTHS),
      whole(utilisation.sum),
      whole(utilisation.seconds * TENTHS),
      wholeOrNull(utilisationBounds.max),
      whole(power.sum),
      whole(power.seconds * TENTHS),
      wholeOrNull(temperatureBounds.max),
      named.length === 0 ? null : JSON.stringify(named),
      wholeOrNull(vramUsedBounds.min),
      wholeOrNull(vramUsedBounds.max),
      wholeOrNull(utilisationBounds.min),
      wholeOrNull(powerBounds.min),
      wholeOrNull(powerBounds.max),
      whole(temperature.sum),
      whole(temperature.seconds * TENTHS),
      wholeOrNull(temperatureBounds.min),
    );
  }

  /** Rows of forgotten nodes no longer have a name, and are pruned later. */
  function toRows(found: Record<string, unknown>[], seconds: BucketLength): BucketRow[] {
    return found.flatMap((row) => {
      const nodeId = nodes.nameOf(Number(row.node));
      if (nodeId === undefined) return [];
      const weighted = (sum: unknown, time: unknown, unit: number) => ({
        sum: Number(sum) * unit,
        seconds: Number(time) / TENTHS,
      });
      return {
        nodeId,
        seconds,
        start: Number(row.start) * seconds * 1000,
        totals: {
          servingSeconds: Number(row.serving) / TENTHS,
          vectors: Number(row.vectors),
          vramTotalBytes: numberOrNull(row.vram_total),
          vramUsed: weighted(row.vram_used, row.vram_time, MIB),
          utilisation: weighted(row.utilisation, row.utilisation_time, 1),
          vramUsedBounds: bounds(row.vram_used_min, row.vram_used_max),
          utilisationBounds: bounds(row.utilisation_min, row.utilisation_max),
          power: weighted(row.power, row.power_time, 1),
          powerBounds: bounds(row.power_min, row.power_max),
          temperature: weighted(row.temperature, row.temperature_time, 1),
          temperatureBounds: bounds(row.temperature_min, row.temperature_max),
          models: readModels(row.models),
        },
      };
    });
  }

  function readModels(text: unknown): Map<string, number> {
    const found = new Map<string, number>();
    const pairs = parsePairs(text);
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const model = models.nameOf(Number(pairs[index]));
      if (model !== undefined) found.set(model, Number(pairs[index + 1]) * MIB);
    }
    return found;
  }

  return {
    at: (seconds, start) =>
      toRows(
        all(
          `SELECT start, ${COLUMNS} FROM telemetry_buckets WHERE seconds = ? AND start = ? ORDER BY node`,
          seconds,
          slot(start, seconds),
        ),
        seconds,
      ),
    write: ({ rows, prune }) =>
      inTransaction(() => {
        for (const row of rows) put(row);
        for (const { seconds, before } of prune) {
          statement(
            `DELETE FROM telemetry_buckets WHERE seconds = ?1 AND start <= (
               SELECT max(start) FROM (
                 SELECT start FROM telemetry_buckets WHERE seconds = ?1 AND start < ?2 ORDER BY start LIMIT ?3
               )
             )`,
          ).run(seconds, Math.ceil(before / (seconds * 1000)), PRUNED_AT_ONCE);
        }
      }),
    read: (nodeId, seconds, from, last) =>
      // One look-up per bucket, because the rows of one node are not adjacent.
      toRows(
        all(
          `WITH RECURSIVE slots (slot) AS (
             SELECT ?1 WHERE ?1 <= ?2 UNION ALL SELECT slot + 1 FROM slots WHERE slot < ?2
           )
           SELECT start, ${COLUMNS} FROM slots CROSS JOIN telemetry_buckets
           ON seconds = ?3 AND start = slot AND node = (
             SELECT id FROM telemetry_names WHERE kind = 'node' AND name = ?4
           ) ORDER BY slot`,
          slot(from, seconds),
          slot(last, seconds),
          seconds,
          nodeId,
        ),
        seconds,
      ),
    work: (seconds, from, last) =>
      all(
        `SELECT start, node, vectors FROM telemetry_buckets
         WHERE seconds = ? AND start BETWEEN ? AND ? AND vectors > 0 ORDER BY start, node`,
        seconds,
        slot(from, seconds),
        slot(last, seconds),
      ).flatMap((row) => {
        const nodeId = nodes.nameOf(Number(row.node));
        if (nodeId === undefined) return [];
        return { nodeId, start: Number(row.start) * seconds * 1000, vectors: Number(row.vectors) };
      }),
    remove: (nodeId) => {
      if (!nodes.has(nodeId)) return;
      // Removing the name is quick however long the history is. The number is never reused. A single statement without
      // its own transaction, so that it can be part of one.
      all("DELETE FROM telemetry_names WHERE kind = 'node' AND name = ?", nodeId);
      nodes.reload();
    },
  };
}

function parsePairs(text: unknown): unknown[] {
  try {
    const pairs: unknown = typeof text === 'string' ? JSON.parse(text) : [];
    return Array.isArray(pairs) ? pairs : [];
  } catch {
    return [];
  }
}

function slot(start: number, seconds: BucketLength): number {
  return Math.floor(start / (seconds * 1000));
}

/** The values that a STRICT integer column accepts, whatever a server reported. */
function whole(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(value)));
}

function wholeOrNull(value: number | null): number | null {
  return value === null ? null : whole(value);
}

const bounds = (min: unknown, max: unknown) => ({ min: numberOrNull(min), max: numberOrNull(max) });

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
