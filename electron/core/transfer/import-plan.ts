/** What an import would do, decided before anything is done. Pure. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import type { SourceRecord } from '../../../shared/models/indexing.ts';
import { errorFact, fact, type Message } from '../../../shared/models/message.ts';
import type { PowerPolicy } from '../../../shared/models/power.ts';
import type { SavedSettings } from '../../../shared/models/settings.ts';
import type { ImportEntry } from '../../../shared/models/transfer.ts';
import type { PatchResult, SettingProblem } from '../settings/read.ts';

/** What exists before the import. */
export interface Present {
  settings: SavedSettings;
  /** Checks a patch of settings without applying it. */
  check(patch: Record<string, unknown>): PatchResult;
  /** Includes simulated ones. */
  nodes: readonly PresentNode[];
  sources: readonly SourceRecord[];
}

export interface PresentNode {
  record: NodeRecord;
  /** The address in use. */
  url: string | null;
  /** null if none was set. */
  policy: PowerPolicy | null;
  hasSecureOn: boolean;
  hasAgentToken: boolean;
  hasRelayToken: boolean;
  hasShutdownSecret: boolean;
}

/** What belongs to a node in addition to its record, which is changed here or already exists. */
export interface NodeExtra {
  record: NodeRecord;
  policy?: PowerPolicy;
  /** Of its existing shutdown server. */
  shutdownSecret?: string;
}

/** Whole records to be saved. A new one has an empty id, and 0 as the time when it was added. */
export interface ImportChanges {
  settings: SavedSettings | null;
  nodes: NodeRecord[];
  sources: SourceRecord[];
  extras: NodeExtra[];
}

export interface PlannedImport {
  entries: ImportEntry[];
  changes: ImportChanges;
}

/** Collects entries and changes while a plan is made. */
export interface Draft {
  readonly entries: ImportEntry[];
  readonly patch: Record<string, Record<string, unknown>>;
  readonly nodes: NodeRecord[];
  readonly sources: SourceRecord[];
  readonly extras: NodeExtra[];
  add(action: ImportEntry['action'], kind: ImportEntry['kind'], what: string, message: Message): void;
  /** Adds an entry for one setting, and the setting itself if it changes. */
  setting(present: Present, path: string, value: unknown): void;
  /** Runs work that may throw a coded error; adds that as a refusal and returns null. */
  attempt<Result>(kind: ImportEntry['kind'], what: string, work: () => Result): Result | null;
  finish(present: Present): PlannedImport;
}

export function createDraft(): Draft {
  const entries: ImportEntry[] = [];
  const patch: Record<string, Record<string, unknown>> = {};
  const nodes: NodeRecord[] = [];
  const sources: SourceRecord[] = [];
  const extras: NodeExtra[] = [];

  const add: Draft['add'] = (action, kind, what, message) => {
    entries.push({ action, kind, what, message });
  };
  const refuse = ({ path, message: problem }: SettingProblem) =>
    add('refuse', 'setting', path, fact('SETTING_REFUSED', { problem }));

  return {
    entries,
    patch,
    nodes,
    sources,
    extras,
    add,
    setting(present, path, value) {
      const [section = '', key = ''] = path.split('.');
      const checked = present.check({ [section]: { [key]: value } });
      if (!checked.ok) {
        const [problem] = checked.problems;
        refuse({ path, message: problem?.message ?? fact('NO_SUCH_SETTING') });
        return;
      }
      const before = settingAt(present.settings, section, key);
      const after = settingAt(checked.settings, section, key);
      if (JSON.stringify(before) === JSON.stringify(after)) {
        add('same', 'setting', path, fact('SETTING_SAME', { value: shown(after) }));
        return;
      }
      add('change', 'setting', path, fact('SETTING_CHANGES', { before: shown(before), after: shown(after) }));
      patch[section] = { ...patch[section], [key]: after };
    },
    attempt(kind, what, work) {
      try {
        return work();
      } catch (error) {
        if (!isPilotlightError(error)) throw error;
        add('refuse', kind, what, errorFact(error));
        return null;
      }
    },
    finish(present) {
      const changed = Object.keys(patch).length > 0 ? present.check(patch) : null;
      if (changed && !changed.ok) for (const problem of changed.problems) refuse(problem);
      const settings = changed?.ok ? changed.settings : null;
      return { entries, changes: { settings, nodes, sources, extras } };
    },
  };
}

/** True while no entry is refused. */
export function isPossible(entries: readonly ImportEntry[]): boolean {
  return entries.every(({ action }) => action !== 'refuse');
}

type SettingValue = string | number | boolean | null | string[];

function settingAt(settings: SavedSettings, section: string, key: string): unknown {
  const values = (settings as Record<string, Record<string, unknown> | undefined>)[section];
  return values?.[key] ?? null;
}

/** The schema has checked the settings, so each is one of these, or a list of objects. */
function shown(value: unknown): SettingValue {
  if (!Array.isArray(value)) return value as SettingValue;
  return value.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)));
}

const comparedFields = [
  'name',
  'url',
  'mac',
  'wakeDestinations',
  'wakeWays',
  'agentUrl',
  'shutdownUrl',
  'vramBytes',
] as const satisfies (keyof NodeRecord)[];

/** The fields in which two nodes differ. */
export function nodeDifferences(before: NodeRecord, after: NodeRecord): (typeof comparedFields)[number][] {
  return comparedFields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}
