/** Notices about damaged files: where they are kept, what is lost, and what to do. */
import { basename } from 'node:path';
import type { ErrorCode } from '../../shared/contract/errors.ts';
import { plural } from '../../shared/units.ts';
import type { DamagedRow, DamagedState } from '../adapters/state/damage.ts';
import type { IndexNotice } from '../adapters/vectors/protocol.ts';
import type { Problem } from '../core/compose.ts';

type Coded = Problem & { code: ErrorCode };

const forgetOldPanel =
  'On each machine with an agent, run `agent.mjs forget` to list the panels, then remove the policy of the old one.';

/** What people call the rows of each table. */
const named: Readonly<Record<string, readonly [one: string, many: string]>> = {
  nodes: ['machine', 'machines'],
  sources: ['folder', 'folders'],
  jobs: ['index job', 'index jobs'],
  leases: ['lease', 'leases'],
  power_policies: ['power policy', 'power policies'],
  settings: ['part of the settings', 'parts of the settings'],
  activity: ['activity entry', 'activity entries'],
  moves: ['move', 'moves'],
  pins: ['pin', 'pins'],
  withdrawals: ['removed machine', 'removed machines'],
  node_states: ['state change', 'state changes'],
  identity: ['identity of this panel', 'identities of this panel'],
};

const next: Readonly<Record<string, readonly [one: string, many: string]>> = {
  nodes: [
    'Add the machine again; its leases and policy are still saved.',
    'Add the machines again; their leases and policies are still saved.',
  ],
  sources: ['Add the folder again and index it.', 'Add the folders again and index them.'],
  jobs: [
    'Start the job again; what it had indexed is kept.',
    'Start the jobs again; what they had indexed is kept.',
  ],
  withdrawals: [
    'Its agent may still have the policy of this panel: run `agent.mjs forget` on that machine.',
    'Their agents may still have the policy of this panel: run `agent.mjs forget` on those machines.',
  ],
  leases: [
    'The machine stays on until you release that lease.',
    'The machines stay on until you release those leases.',
  ],
  power_policies: [
    'The machine stays on until you set its policy again.',
    'The machines stay on until you set their policies again.',
  ],
  settings: [
    'Defaults are in use; set it again in Settings.',
    'Defaults are in use; set them again in Settings.',
  ],
  identity: [forgetOldPanel, forgetOldPanel],
};
const nothingToDo = 'No action is needed.';

export function stateNotice({ keptAs, rows, incomplete }: DamagedState): Coded {
  const kept = `It was renamed to ${basename(keptAs)}.`;
  const found = Object.entries(rows).flatMap(([table, count]) => {
    const words = named[table];
    return words && ['nodes', 'sources', 'leases', 'jobs'].includes(table) ? plural(count, ...words) : [];
  });
  const rescued = found.length === 0 ? '' : ` Recovered: ${found.join(', ')}.`;
  const unsure = incomplete.some((table) => table === 'leases' || table === 'power_policies');
  const stays = unsure ? ' Machines stay on until you release the leases that replaced damaged ones.' : '';
  const lost = incomplete.length > 0 || Object.keys(rows).length === 0;
  return {
    id: 'state',
    code: 'STATE_CORRUPT',
    message: `The saved state was damaged. ${kept}${rescued}`,
    next: `${lost ? 'Check your machines and folders, and add what is missing.' : nothingToDo}${stays}`,
  };
}

export const stateInUseNotice: Coded = {
  id: 'state-in-use',
  code: 'STATE_CORRUPT',
  message: 'The saved state is damaged and can no longer be read in full.',
  next: 'Restart Pilotlight: it renames the file and recovers what it can.',
};

/** One notice a table, however many rows. */
export function rowsNotice(table: string, rows: readonly DamagedRow[]): Coded {
  const [one, many] = named[table] ?? ['record', 'records'];
  const names = [...new Set(rows.map(({ nodeId, name }) => (table === 'leases' ? (nodeId ?? name) : name)))];
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  return {
    id: `records-${table}`,
    code: 'RECORDS_DAMAGED',
    message: `${plural(rows.length, one, many)} could not be read and ${rows.length === 1 ? 'was' : 'were'} set aside: ${shown}.`,
    next: next[table]?.[rows.length === 1 ? 0 : 1] ?? nothingToDo,
    nodeId: rows[0]?.nodeId ?? null,
  };
}

/** A small file of the data folder: `keptAs` null where it could not be moved. */
export function fileNotice(name: string, keptAs: string | null, consequence: string): Coded {
  const kept = keptAs === null ? '' : ` It was renamed to ${basename(keptAs)}.`;
  return {
    id: `file-${name}`,
    code: 'FILE_DAMAGED',
    message: `The file ${name} was damaged.${kept}`,
    next: consequence,
  };
}

export function indexNotice({ sourceId, code, keptAs }: IndexNotice): Coded {
  const kept = keptAs === null ? '' : ` It was renamed to ${basename(keptAs)}.`;
  return {
    id: `index-${sourceId}`,
    code,
    message: `The index of a folder was damaged.${kept} Until it is rebuilt, searches find only part of the folder.`,
    next: 'Index the folder again.',
  };
}
