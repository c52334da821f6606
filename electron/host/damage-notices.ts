/** Notices about damaged files: where they are kept, what is lost, and what to do. */

import { basename } from 'node:path';
import type { ErrorCode } from '../../shared/contract/errors.ts';
import { fact, type Message } from '../../shared/models/message.ts';
import type { DamagedRow, DamagedState } from '../adapters/state/damage.ts';
import type { IndexNotice } from '../adapters/vectors/protocol.ts';
import type { Problem } from '../core/compose.ts';

type Coded = Problem & { code: ErrorCode };

export function stateNotice({ keptAs, rows, incomplete }: DamagedState): Coded {
  return {
    id: 'state',
    code: 'STATE_CORRUPT',
    message: fact('STATE_DAMAGED', { keptAs: basename(keptAs), rows }),
    next: fact('AFTER_STATE_DAMAGED', {
      lost: incomplete.length > 0 || Object.keys(rows).length === 0,
      unsure: incomplete.some((table) => table === 'leases' || table === 'power_policies'),
      unsureKeys: incomplete.includes('credentials'),
    }),
  };
}

export const restoreNotice: Problem = {
  id: 'restore',
  code: 'RESTORE_FINISHED',
  message: fact('RESTORE_FINISHED'),
  next: fact('NO_ACTION_NEEDED'),
};

export const stateInUseNotice: Coded = {
  id: 'state-in-use',
  code: 'STATE_CORRUPT',
  message: fact('STATE_DAMAGED_IN_USE'),
  next: fact('RESTART_TO_RECOVER'),
};

/** One notice per table, however many rows. */
export function rowsNotice(table: string, rows: readonly DamagedRow[]): Coded {
  const names = rows.map(({ nodeId, name }) => (table === 'leases' ? (nodeId ?? name) : name));
  return {
    id: `records-${table}`,
    code: 'RECORDS_DAMAGED',
    message: fact('ROWS_SET_ASIDE', { table, count: rows.length, names: [...new Set(names)] }),
    next: fact('AFTER_ROWS_SET_ASIDE', { table, count: rows.length }),
    nodeId: rows[0]?.nodeId ?? null,
  };
}

/** A small file of the data folder; `keptAs` is null if it could not be moved. */
export function fileNotice(name: string, keptAs: string | null, next: Message): Coded {
  return {
    id: `file-${name}`,
    code: 'FILE_DAMAGED',
    message: fact('FILE_DAMAGED', { file: name, keptAs: baseOf(keptAs) }),
    next,
  };
}

export function indexNotice({ sourceId, code, keptAs }: IndexNotice): Coded {
  return {
    id: `index-${sourceId}`,
    code,
    message: fact('INDEX_DAMAGED', { keptAs: baseOf(keptAs) }),
    next: fact('INDEX_FOLDER_AGAIN'),
  };
}

const baseOf = (path: string | null) => (path === null ? null : basename(path));
