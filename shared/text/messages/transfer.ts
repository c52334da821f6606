import { plural } from '../../units.ts';
import { clause, list, sentences } from '../grammar.ts';
import { importEntryLabel } from '../import-entry.ts';
import type { Text } from '../types.ts';

/** A setting as it is saved. */
type Value = string | number | boolean | null | readonly string[];

function valueText(value: Value): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'object') return value.length === 0 ? 'empty' : value.join(', ');
  return String(value);
}

const fieldLabels = {
  name: 'name',
  url: 'address',
  mac: 'MAC address',
  wakeDestinations: 'wake destinations',
  wakeWays: 'wake methods',
  agentUrl: 'agent',
  shutdownUrl: 'shutdown server',
  vramBytes: 'VRAM',
  policy: 'power policy',
};

const secretLabels = {
  secureOn: 'its SecureOn password',
  agentToken: 'the token of its agent',
  relayToken: 'the token of its relay',
  shutdownSecret: 'the secret of its shutdown server',
};

interface NotImported {
  /** Its wake command, which a file may not bring. */
  command: boolean;
  secrets: readonly (keyof typeof secretLabels)[];
}

const notImported = ({ command, secrets }: NotImported) => [
  command ? 'Its wake command is not imported: enter it again.' : '',
  secrets.length === 0
    ? ''
    : `Not in the file, so enter it again: ${list(secrets.map((one) => secretLabels[one]))}.`,
];

const embedderKept = (kept: boolean) =>
  kept ? 'It keeps its embedder; another one requires a rebuild, on the Index page.' : '';

/** Importing settings, nodes and folders. */
export const transferMessages = {
  // Why a file cannot be imported.
  FILE_NOT_JSON: () => 'This file is not JSON, or it is incomplete.',
  FILE_NOT_AN_EXPORT: () => 'This file was not exported by Pilotlight.',
  FILE_OF_OTHER_VERSION: () => 'This file is from another version of Pilotlight.',
  EXPORT_AGAIN: () => 'Export it again with this version.',
  FILE_SETTINGS_NOT_AN_OBJECT: () => 'The settings in this file are not an object.',
  FILE_PARTS_NOT_LISTS: () => 'The nodes or folders in this file are not a list.',
  FILE_TOO_LONG: ({ most }: { most: number }) => `This file has more than ${most} nodes or folders.`,
  FILE_WITHOUT_VARIABLES: () => 'This file has no line like NAME=value.',
  /** `kind` and `what` of the first refused entry; `more` counts the others. */
  IMPORT_REFUSED: ({ reason, more, ...entry }: { kind: string; what: string; reason: Text; more: number }) =>
    sentences(`${importEntryLabel(entry)}: ${reason}`, more === 0 ? '' : `${plural(more, 'more error')}.`),
  IMPORT_ENTRY_WRONG: ({ field, problem }: { field: string; problem: string }) =>
    field === '' ? `${problem}.` : `"${field}": ${problem}.`,

  // Settings.
  INDEX_TOKEN_IS_A_KEY: () => 'This is a key now: generate one in Settings, under Access.',
  NODE_ID_IS_LOCAL: () => 'It names a machine by an id of the other computer: set it again in Settings.',
  SECRET_NOT_IMPORTED: () => 'Secrets are not imported: set it in Settings.',
  SIMULATED_FLEET_NOT_IMPORTED: () => 'The simulated fleet is switched on and off separately.',
  SETTING_REFUSED: ({ problem }: { problem: Text }) => `It cannot be set: ${clause(problem)}.`,
  SETTING_SAME: ({ value }: { value: Value }) => `It is already ${valueText(value)}.`,
  SETTING_CHANGES: ({ before, after }: { before: Value; after: Value }) =>
    `From ${valueText(before)} to ${valueText(after)}.`,

  // Nodes.
  NODE_ADDED_AT: ({ address, canWake, ...rest }: NotImported & { address: string; canWake: boolean }) =>
    sentences(`Added at ${address}${canWake ? '; it can be woken' : ''}.`, ...notImported(rest)),
  NODE_SAME: (rest: NotImported) => sentences('Already there, unchanged.', ...notImported(rest)),
  NODE_FIELDS_CHANGE: ({
    fields,
    currentName,
    ...rest
  }: NotImported & {
    fields: readonly (keyof typeof fieldLabels)[];
    /** Its name here; null if the file has the same. */
    currentName: string | null;
  }) =>
    sentences(
      `Changes: ${list(fields.map((field) => fieldLabels[field]))}.`,
      currentName === null ? '' : `It is now called "${currentName}".`,
      ...notImported(rest),
    ),
  SIMULATED_NODE_HAS_ADDRESS: () => 'A simulated machine has this address.',
  NODE_TWICE_IN_FILE: () => 'The file has this machine twice.',

  // Folders.
  FOLDER_UNUSABLE: ({ error }: { error: Text }) => `It cannot be used on this computer: ${error}`,
  FOLDER_NOT_CHECKED: () => 'It could not be checked.',
  FOLDER_TWICE_IN_FILE: () => 'The file has this folder twice.',
  FOLDER_TO_INDEX_ADDED: () => 'Added; index it on the Index page.',
  FOLDER_SAME: ({ otherEmbedder }: { otherEmbedder: boolean }) =>
    sentences('Already there, unchanged.', embedderKept(otherEmbedder)),
  FOLDER_CHANGES: ({ otherEmbedder }: { otherEmbedder: boolean }) =>
    sentences('Its name or its GPU options change.', embedderKept(otherEmbedder)),

  // The activity entry.
  IMPORTED: ({
    settings,
    nodes,
    policies,
    folders,
  }: {
    settings: boolean;
    nodes: number;
    policies: boolean;
    folders: number;
  }) => {
    const parts = [
      settings ? 'settings' : '',
      nodes > 0 ? plural(nodes, 'node') : '',
      policies && nodes === 0 ? 'power policies or secrets' : '',
      folders > 0 ? plural(folders, 'folder') : '',
    ];
    return `Imported from a file: ${list(parts.filter((part) => part !== ''))}.`;
  },
  A_PERSON_IMPORTED: () => 'Someone chose the file.',
};
