import { plural } from '../../units.ts';
import { sentences } from '../grammar.ts';

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
  credentials: ['key or session', 'keys and sessions'],
  listings: ['list of models', 'lists of models'],
};

const afterLoss: Readonly<Record<string, readonly [one: string, many: string]>> = {
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
  listings: [
    'The list is read again when its machine is on.',
    'The lists are read again when their machines are on.',
  ],
  credentials: [
    'It opens nothing any more. Remove it in Settings → Access, and create a new key.',
    'They open nothing any more. Remove them in Settings → Access, and create new keys.',
  ],
};
const nothingToDo = 'No action is needed.';

const renamed = (keptAs: string | null) => (keptAs === null ? '' : `It was renamed to ${keptAs}.`);
const shownNames = 5;

/** What was damaged on this computer. File names are without their folder. */
export const damageMessages = {
  NO_ACTION_NEEDED: () => nothingToDo,

  STATE_DAMAGED: ({ keptAs, rows }: { keptAs: string; rows: Readonly<Record<string, number>> }) => {
    const found = ['nodes', 'sources', 'leases', 'jobs'].flatMap((table) => {
      const [count, names] = [rows[table], named[table]];
      return count === undefined || !names ? [] : plural(count, ...names);
    });
    return sentences(
      'The saved state was damaged.',
      renamed(keptAs),
      found.length === 0 ? '' : `Recovered: ${found.join(', ')}.`,
    );
  },
  AFTER_STATE_DAMAGED: ({
    lost,
    unsure,
    unsureKeys = false,
  }: {
    lost: boolean;
    unsure: boolean;
    unsureKeys?: boolean;
  }) =>
    sentences(
      lost ? 'Check your machines and folders, and add what is missing.' : nothingToDo,
      unsure ? 'Machines stay on until you release the leases that replaced damaged ones.' : '',
      unsureKeys
        ? 'Check the keys and sessions in Settings → Access: a new one may be missing, or a revoked one may be back.'
        : '',
    ),
  STATE_DAMAGED_IN_USE: () => 'The saved state is damaged and can no longer be read in full.',
  RESTART_TO_RECOVER: () => 'Restart Pilotlight: it renames the file and recovers what it can.',

  ROWS_SET_ASIDE: ({ table, count, names }: { table: string; count: number; names: readonly string[] }) => {
    const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : '';
    const shown = names.slice(0, shownNames).join(', ') + more;
    const what = plural(count, ...(named[table] ?? (['record', 'records'] as const)));
    return `${what} could not be read and ${count === 1 ? 'was' : 'were'} set aside: ${shown}.`;
  },
  AFTER_ROWS_SET_ASIDE: ({ table, count }: { table: string; count: number }) =>
    afterLoss[table]?.[count === 1 ? 0 : 1] ?? nothingToDo,

  FILE_DAMAGED: ({ file, keptAs }: { file: string; keptAs: string | null }) =>
    sentences(`The file ${file} was damaged.`, renamed(keptAs)),
  INDEX_FOLDERS_AGAIN: () => 'Index your folders again.',
  INDEX_DAMAGED: ({ keptAs }: { keptAs: string | null }) =>
    sentences(
      'The index of a folder was damaged.',
      renamed(keptAs),
      'Until it is rebuilt, searches find only part of the folder.',
    ),
  INDEX_FOLDER_AGAIN: () => 'Index the folder again.',

  DATA_FOLDER_LOST: ({ folder }: { folder: string }) =>
    `The data folder ${folder} was deleted, moved or replaced while Pilotlight was running: changes are no longer saved there.`,
  EXPORT_AND_RESTORE: () =>
    'Export your settings now if you still need them, then stop Pilotlight, put the folder back and start it again.',
};
