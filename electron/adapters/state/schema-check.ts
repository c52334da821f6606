/** Whether a database is ours, intact, and of a known version. Nothing is written to it. */
import { DatabaseSync } from 'node:sqlite';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isDamage } from './damage.ts';

/** A version this far ahead is not one of ours. */
const LAST_VERSION = 1000;

/** The schema after `version` steps: the SQL of each object by its name. */
function schemaAfter(steps: readonly string[], version: number): Map<string, string> {
  const database = new DatabaseSync(':memory:');
  try {
    for (const step of steps.slice(0, version)) database.exec(step);
    return schemaOf(database);
  } finally {
    database.close();
  }
}

export type SchemaVerdict =
  | { kind: 'good' }
  | { kind: 'empty' }
  | { kind: 'newer'; version: number }
  | { kind: 'wrong'; why: string };

/** Whether its schema is the result of these steps, up to its version. */
export function judgeSchema(database: DatabaseSync, steps: readonly string[]): SchemaVerdict {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > steps.length && version <= LAST_VERSION) return { kind: 'newer', version };
  if (version < 0 || version > steps.length) return { kind: 'wrong', why: 'its version is invalid' };
  const found = schemaOf(database);
  if (version === 0 && found.size === 0) return { kind: 'empty' };
  const wanted = schemaAfter(steps, version);
  for (const [name, text] of wanted) {
    if (found.get(name) !== text) return { kind: 'wrong', why: `its ${name} has an unexpected definition` };
  }
  if (found.size > wanted.size) return { kind: 'wrong', why: 'it contains tables of another program' };
  return { kind: 'good' };
}

/** Why it cannot be used, or null. Throws STATE_NEWER, and errors other than damage. */
export function damageOf(path: string, steps: readonly string[], mayBeEmpty: boolean): string | null {
  // Closing a writable connection would change the file, which has to stay as it is.
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    const verdict = judgeSchema(database, steps);
    if (verdict.kind === 'newer') {
      const { version } = verdict;
      throw new PilotlightError('STATE_NEWER', {
        message: `The saved state is from a newer Pilotlight: it has version ${version}, but this one supports up to ${steps.length}.`,
        details: { version, known: steps.length },
      });
    }
    if (verdict.kind === 'wrong') return verdict.why;
    if (verdict.kind === 'empty') return mayBeEmpty ? null : 'it is empty';
    const check = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    return check === 'ok' ? null : String(check);
  } catch (error) {
    if (isDamage(error)) return error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    database.close();
  }
}

function schemaOf(database: DatabaseSync): Map<string, string> {
  const rows = database
    .prepare(
      "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all();
  return new Map(rows.map(({ name, sql }) => [String(name), String(sql)]));
}
