import { randomUUID } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import * as z from 'zod';
import { nodeStateSchema } from '../../../shared/models/node-state.ts';
import {
  type LeaseRecord,
  leaseRecordSchema,
  powerPolicySchema,
  safestPolicy,
  unknownLease,
  withdrawalSchema,
} from '../../../shared/models/power.ts';
import type { PowerStore } from '../../core/ports/power-state.ts';
import { readColumn } from './columns.ts';
import type { DamagedRows } from './damaged-rows.ts';

/** How long the past is kept: as long as the telemetry history. */
const KEPT_MS = 31 * 24 * 3_600_000;
const PANEL_ID = /^panel-[0-9a-f-]{36}$/;

/** A field under another name is damaged: the default in its place could power the machine off. */
const savedPolicySchema = powerPolicySchema.strict().extend({ nodeId: z.string().optional() });

export interface PowerStoreParts {
  run(sql: string, ...values: SQLInputValue[]): unknown;
  all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[];
  rows: DamagedRows;
}

/**
 * Policies, leases and states in the database. A lease or policy that cannot be read keeps its machine on: it is
 * replaced by a lease without an end, or by a policy that never powers off.
 */
export function createPowerStore({ run, all, rows }: PowerStoreParts): PowerStore {
  let replaced = 0;

  /** Both the columns and the value contain its machine and its end: either may be damaged. */
  function replace(row: Record<string, unknown>) {
    const saved = Object(readColumn(row.value)) as Partial<LeaseRecord>;
    const known = { id: String(row.id), nodeId: String(row.node_id), createdAt: Number(row.created_at) };
    if (row.ended_at !== null && saved.endedAt !== null) return null;
    const record = unknownLease(known);
    const other = typeof saved.nodeId === 'string' && saved.nodeId !== known.nodeId ? saved.nodeId : null;
    return {
      record,
      write() {
        replaced += 1;
        store.putLease(record);
        if (other !== null) store.putLease(unknownLease({ ...known, id: `${known.id}_2`, nodeId: other }));
      },
    };
  }

  const leases = (found: Record<string, unknown>[]) =>
    rows.parseRows('leases', found, leaseRecordSchema, undefined, replace);

  /** Bypasses the index, which may be damaged although the table is not. */
  const open = () =>
    leases(
      all(
        `SELECT id, node_id, created_at, ended_at, value FROM leases NOT INDEXED
         WHERE ended_at IS NULL OR NOT json_valid(value) OR json_extract(value, '$.endedAt') IS NULL
         ORDER BY created_at, id`,
      ),
    ).filter(({ endedAt }) => endedAt === null);

  /** Column and value both contain its owner: either may be damaged, and then both machines stay on. */
  function replacePolicy(row: Record<string, unknown>) {
    const saved = Object(readColumn(row.value)) as { nodeId?: unknown };
    const record = safestPolicy(saved);
    const other = typeof saved.nodeId === 'string' && saved.nodeId !== row.node_id ? saved.nodeId : null;
    return {
      record,
      write() {
        replaced += 1;
        store.putPolicy(String(row.node_id), record);
        if (other === null) return;
        run(
          'INSERT OR IGNORE INTO power_policies (node_id, value) VALUES (?, ?)',
          other,
          JSON.stringify({ ...record, nodeId: other }),
        );
      },
    };
  }

  const policies = () =>
    all('SELECT node_id, node_id AS id, value FROM power_policies ORDER BY node_id').flatMap((row) =>
      rows
        .parseRows('power_policies', [row], savedPolicySchema, undefined, replacePolicy)
        .map((saved) => ({ nodeId: String(row.node_id), policy: powerPolicySchema.parse(saved) })),
    );

  const store: PowerStore = {
    panelId() {
      const kept = all('SELECT panel FROM identity WHERE id = 1')[0]?.panel;
      if (kept !== undefined && !PANEL_ID.test(String(kept)))
        rows.setAside('identity', { id: 1, value: String(kept) });
      run('INSERT OR IGNORE INTO identity (id, panel) VALUES (1, ?)', `panel-${randomUUID()}`);
      return String(all('SELECT panel FROM identity WHERE id = 1')[0]?.panel);
    },
    policies() {
      const before = replaced;
      const found = policies();
      return replaced === before ? found : policies();
    },
    putPolicy(nodeId, policy) {
      run(
        `INSERT INTO power_policies (node_id, value) VALUES (?, ?)
         ON CONFLICT (node_id) DO UPDATE SET value = excluded.value`,
        nodeId,
        JSON.stringify({ ...policy, nodeId }),
      );
    },
    removePolicy: (nodeId) => run('DELETE FROM power_policies WHERE node_id = ?', nodeId),
    withdrawals: () =>
      rows.parseRows(
        'withdrawals',
        all('SELECT id, value FROM withdrawals ORDER BY since, id'),
        withdrawalSchema,
      ),
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
    openLeases() {
      const before = replaced;
      const found = open();
      return replaced === before ? found : open();
    },
    leases: (nodeId, from, to) =>
      leases(
        all(
          `SELECT id, node_id, created_at, ended_at, value FROM leases WHERE node_id = ? AND created_at < ? AND (ended_at IS NULL OR ended_at > ?)
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
          'SELECT id, at, state FROM node_states WHERE node_id = ? AND at < ? ORDER BY at DESC, id DESC LIMIT 1',
          nodeId,
          from,
        ),
        ...all(
          'SELECT id, at, state FROM node_states WHERE node_id = ? AND at >= ? AND at < ? ORDER BY at, id',
          nodeId,
          from,
          to,
        ),
      ].flatMap((row) => {
        const state = nodeStateSchema.safeParse(row.state);
        if (state.success) return [{ at: Number(row.at), state: state.data }];
        rows.setAside('node_states', { id: Number(row.id), node_id: nodeId, value: String(row.state) });
        return [];
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
  return store;
}
