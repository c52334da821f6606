import type { DatabaseSync } from 'node:sqlite';

/**
 * Turns the text of entries from older versions into messages: code TEXT. Entries that are already messages, and
 * those that cannot be parsed, stay unchanged.
 */
export const activityTextToMessages = `
  UPDATE activity SET value = json_set(
    value,
    '$.message', json_object('code', 'TEXT', 'params', json_object('text', value ->> '$.message')),
    '$.why', CASE value ->> '$.why'
      WHEN '' THEN NULL
      ELSE json_object('code', 'TEXT', 'params', json_object('text', value ->> '$.why'))
    END
  )
  WHERE CASE WHEN json_valid(value) THEN json_type(value, '$.message') = 'text' AND json_type(value, '$.why') = 'text' ELSE 0 END;
  `;

/** The same for the reasons of moves. */
export const moveTextToMessages = `
  UPDATE moves SET value = json_set(
    value, '$.reason', json_object('code', 'TEXT', 'params', json_object('text', value ->> '$.reason'))
  )
  WHERE CASE WHEN json_valid(value) THEN json_type(value, '$.reason') = 'text' ELSE 0 END;
  `;

const textMessage = (text: string) => `json_object('code', 'TEXT', 'params', json_object('text', ${text}))`;

/** The entries of a list in `value`, each with its text as a message; anything else in the list stays unchanged. */
const withMessages = (list: string, field: string) => `json((
  SELECT json_group_array(
    CASE WHEN type = 'object' AND json_type(value, '$.${field}') = 'text'
      THEN json_set(value, '$.${field}', ${textMessage(`value ->> '$.${field}'`)})
      ELSE json(CASE WHEN type IN ('object', 'array') THEN value ELSE json_quote(value) END)
    END ORDER BY key)
  FROM json_each(jobs.value, '$.${list}')))`;

/** Does the same for index jobs: what they are called, what they did, their events and the reasons of their files. */
export const jobTextToMessages = `
  UPDATE jobs SET value = json_set(
    value,
    '$.label', CASE value ->> '$.label'
      WHEN 'all folders' THEN json('{"code":"ALL_FOLDERS","params":{}}')
      ELSE ${textMessage("value ->> '$.label'")}
    END,
    '$.detail', ${textMessage("value ->> '$.detail'")},
    '$.events', ${withMessages('events', 'message')},
    '$.failures', ${withMessages('failures', 'reason')},
    '$.leftOut', ${withMessages('leftOut', 'reason')}
  )
  WHERE CASE WHEN json_valid(value) THEN json_type(value, '$.label') = 'text' AND json_type(value, '$.detail') = 'text' ELSE 0 END;
  `;

/** Numbered by position: the database's `user_version` says how many have run. Never edit one that shipped. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE settings (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL) STRICT;
  CREATE TABLE nodes (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE boot_times (
    id INTEGER PRIMARY KEY, node_id TEXT NOT NULL, at INTEGER NOT NULL, duration_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX boot_times_by_node ON boot_times (node_id, id DESC);
  CREATE TABLE pins (node_id TEXT NOT NULL, model TEXT NOT NULL, PRIMARY KEY (node_id, model)) STRICT, WITHOUT ROWID;
  CREATE TABLE moves (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
  CREATE TABLE activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL
  ) STRICT;
  CREATE INDEX activity_by_kind ON activity (kind, id DESC);
  CREATE TABLE sources (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, status TEXT NOT NULL, value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX jobs_by_age ON jobs (created_at DESC, id DESC);
  CREATE INDEX jobs_unfinished ON jobs (status) WHERE status IN ('pending', 'running');
  `,
  // Time comes before the node in the key: a minute of a thousand nodes then takes a few adjacent pages to write or
  // delete, instead of a page for each node. `start` counts buckets since the epoch; times are tenths of a second,
  // summed VRAM is MiB-seconds: small numbers take little space.
  `
  CREATE TABLE telemetry_names (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name)
  ) STRICT;
  CREATE TABLE telemetry_buckets (
    seconds INTEGER NOT NULL, start INTEGER NOT NULL, node INTEGER NOT NULL,
    serving INTEGER NOT NULL, vectors INTEGER NOT NULL,
    vram_total INTEGER, vram_used INTEGER NOT NULL, vram_time INTEGER NOT NULL,
    utilisation INTEGER NOT NULL, utilisation_time INTEGER NOT NULL, utilisation_max INTEGER,
    power INTEGER NOT NULL, power_time INTEGER NOT NULL, temperature_max INTEGER,
    models TEXT,
    PRIMARY KEY (seconds, start, node)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX telemetry_work ON telemetry_buckets (seconds, start, node, vectors) WHERE vectors > 0;
  `,
  `
  CREATE TABLE identity (id INTEGER PRIMARY KEY CHECK (id = 1), panel TEXT NOT NULL) STRICT;
  CREATE TABLE power_policies (node_id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE leases (
    id TEXT PRIMARY KEY, node_id TEXT NOT NULL, created_at INTEGER NOT NULL, ended_at INTEGER, value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX leases_by_node ON leases (node_id, created_at);
  CREATE INDEX leases_open ON leases (created_at) WHERE ended_at IS NULL;
  CREATE INDEX leases_by_end ON leases (ended_at) WHERE ended_at IS NOT NULL;
  CREATE TABLE node_states (
    id INTEGER PRIMARY KEY, node_id TEXT NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX node_states_by_node ON node_states (node_id, at);
  CREATE TABLE woken (node_id TEXT PRIMARY KEY, at INTEGER NOT NULL, boot_id TEXT) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE withdrawals (id TEXT PRIMARY KEY, since INTEGER NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // Rows that could not be read, unchanged, for a person who wants them back.
  `
  CREATE TABLE damaged_rows (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL
  ) STRICT;
  `,
  activityTextToMessages,
  moveTextToMessages,
  jobTextToMessages,
  `
  CREATE TABLE credentials (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE listings (node_id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // `start` counts buckets since the epoch, as in telemetry_buckets.
  `
  CREATE TABLE request_buckets (
    seconds INTEGER NOT NULL, start INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (seconds, start)
  ) STRICT, WITHOUT ROWID;
  `,
  // `words` is what a search for a text compares: title and origin in lower case.
  `
  CREATE TABLE task_workers (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE task_webhooks (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE ingested_texts (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, state TEXT NOT NULL, words TEXT NOT NULL, value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ingested_by_age ON ingested_texts (at DESC, id DESC) WHERE state <> 'deleted';
  CREATE INDEX ingested_by_state ON ingested_texts (state, at);
  CREATE TABLE task_depth (
    seconds INTEGER NOT NULL, start INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (seconds, start)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE runners (node_id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE remote_indexes (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // The band of a chart. Buckets from before have none of these.
  `
  ALTER TABLE telemetry_buckets ADD COLUMN vram_used_min INTEGER;
  ALTER TABLE telemetry_buckets ADD COLUMN vram_used_max INTEGER;
  ALTER TABLE telemetry_buckets ADD COLUMN utilisation_min INTEGER;
  ALTER TABLE telemetry_buckets ADD COLUMN power_min INTEGER;
  ALTER TABLE telemetry_buckets ADD COLUMN power_max INTEGER;
  ALTER TABLE telemetry_buckets ADD COLUMN temperature INTEGER;
  ALTER TABLE telemetry_buckets ADD COLUMN temperature_time INTEGER;
  ALTER TABLE telemetry_buckets ADD COLUMN temperature_min INTEGER;
  CREATE TABLE queue_buckets (
    seconds INTEGER NOT NULL, start INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (seconds, start)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Migrates the database to the newest schema, one transaction per step. A newer one is refused before this. */
export function migrate(database: DatabaseSync, steps: readonly string[] = migrations): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  for (let version = row.user_version; version < steps.length; version++) {
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(steps[version] ?? '');
      database.exec(`PRAGMA user_version = ${version + 1}`);
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }
}
