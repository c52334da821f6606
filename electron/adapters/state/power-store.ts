import { randomUUID } from 'node:crypto';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { nodeStateSchema } from '../../../shared/models/node-state.ts';
import { leaseRecordSchema, powerPolicySchema, withdrawalSchema } from '../../../shared/models/power.ts';
import type { PowerStore } from '../../core/ports.ts';
import { toStoreError } from './open-database.ts';
import { parseJson } from './parse-json.ts';

/** How long the past is kept: as long as the history of telemetry. */
const KEPT_MS = 31 * 24 * 3_600_000;

/** Policies, leases and states in the database. A row that cannot be read is left out rather than trusted. */
export function createPowerStore({ statement }: { statement: (sql: string) => StatementSync }): PowerStore {
  function run(sql: string, ...values: SQLInputValue[]): void {
    try {
      statement(sql).run(...values);
    } catch (error) {
      throw toStoreError(error);
    }
  }
  const all = (sql: string, ...values: SQLInputValue[]) => statement(sql).all(...values);

  const leases = (rows: Record<string, unknown>[]) =>
    rows.flatMap((row) => {
      const parsed = leaseRecordSchema.safeParse(parseJson(row.value));
      return parsed.success ? [parsed.data] : [];
    });

  return {
    panelId() {
      run('INSERT OR IGNORE INTO identity (id, panel) VALUES (1, ?)', `panel-${randomUUID()}`);
      return String(all('SELECT panel FROM identity WHERE id = 1')[0]?.panel);
    },
    policies: () =>
      all('SELECT node_id, value FROM power_policies ORDER BY node_id').flatMap((row) => {
        const parsed = powerPolicySchema.safeParse(parseJson(row.value));
        return parsed.success ? [{ nodeId: String(row.node_id), policy: parsed.data }] : [];
      }),
    putPolicy(nodeId, policy) {
      run(
        `INSERT INTO power_policies (node_id, value) VALUES (?, ?)
         ON CONFLICT (node_id) DO UPDATE SET value = excluded.value`,
        nodeId,
        JSON.stringify(policy),
      );
    },
    removePolicy: (nodeId) => run('DELETE FROM power_policies WHERE node_id = ?', nodeId),
    withdrawals: () =>
      all('SELECT value FROM withdrawals ORDER BY since, id').flatMap((row) => {
        const parsed = withdrawalSchema.safeParse(parseJson(row.value));
        return parsed.success ? [parsed.data] : [];
      }),
    putWithdrawal(withdrawal) {
      run(
        `INSERT INTO withdrawals (id, since, value) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET since = excluded.since, value = excluded.value`,
        withdrawal.id,
        withdrawal.since,
        JSON.stringify(withdrawal),
      );
    },
    removeWithdrawal: (id) => run('DELETE FROM withdrawals WHERE id = ?', id),
    putLease(lease) {
      run(
        `INSERT INTO leases (id, node_id, created_at, ended_at, value) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, value = excluded.value`,
        lease.id,
        lease.nodeId,
        lease.createdAt,
        lease.endedAt,
        JSON.stringify(lease),
      );
      if (lease.endedAt !== null) run('DELETE FROM leases WHERE ended_at < ?', lease.endedAt - KEPT_MS);
    },
    openLeases: () => leases(all('SELECT value FROM leases WHERE ended_at IS NULL ORDER BY created_at, id')),
    leases: (nodeId, from, to) =>
      leases(
        all(
          `SELECT value FROM leases WHERE node_id = ? AND created_at < ? AND (ended_at IS NULL OR ended_at > ?)
           ORDER BY created_at, id`,
          nodeId,
          to,
          from,
        ),
      ),
    appendState(nodeId, at, state) {
      run('INSERT INTO node_states (node_id, at, state) VALUES (?, ?, ?)', nodeId, at, state);
      run('DELETE FROM node_states WHERE node_id = ? AND at < ?', nodeId, at - KEPT_MS);
    },
    states: (nodeId, from, to) =>
      [
        ...all(
          'SELECT at, state FROM node_states WHERE node_id = ? AND at < ? ORDER BY at DESC, id DESC LIMIT 1',
          nodeId,
          from,
        ),
        ...all(
          'SELECT at, state FROM node_states WHERE node_id = ? AND at >= ? AND at < ? ORDER BY at, id',
          nodeId,
          from,
          to,
        ),
      ].flatMap((row) => {
        const state = nodeStateSchema.safeParse(row.state);
        return state.success ? [{ at: Number(row.at), state: state.data }] : [];
      }),
    woken(nodeId) {
      const row = all('SELECT at, boot_id FROM woken WHERE node_id = ?', nodeId)[0];
      if (!row) return null;
      return { at: Number(row.at), bootId: row.boot_id === null ? null : String(row.boot_id) };
    },
    setWoken(nodeId, woken) {
      if (woken === null) {
        run('DELETE FROM woken WHERE node_id = ?', nodeId);
        return;
      }
      run(
        `INSERT INTO woken (node_id, at, boot_id) VALUES (?, ?, ?)
         ON CONFLICT (node_id) DO UPDATE SET at = excluded.at, boot_id = excluded.boot_id`,
        nodeId,
        woken.at,
        woken.bootId,
      );
    },
    remove(nodeId) {
      for (const table of ['power_policies', 'leases', 'node_states', 'woken']) {
        run(`DELETE FROM ${table} WHERE node_id = ?`, nodeId);
      }
    },
  };
}
