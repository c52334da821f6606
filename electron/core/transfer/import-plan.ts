/** What an import would do, decided before anything is done. Pure. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import type { SourceRecord } from '../../../shared/models/indexing.ts';
import type { PowerPolicy } from '../../../shared/models/power.ts';
import type { SavedSettings } from '../../../shared/models/settings.ts';
import type { ImportEntry } from '../../../shared/models/transfer.ts';
import type { PatchResult } from '../settings/read.ts';

/** What is here now. */
export interface Present {
  settings: SavedSettings;
  /** Judges a patch of settings without applying it. */
  check(patch: Record<string, unknown>): PatchResult;
  /** Simulated ones too. */
  nodes: readonly PresentNode[];
  sources: readonly SourceRecord[];
}

export interface PresentNode {
  record: NodeRecord;
  /** The address in use. */
  url: string | null;
  /** null where nobody set one. */
  policy: PowerPolicy | null;
  hasSecureOn: boolean;
  hasAgentToken: boolean;
  hasRelayToken: boolean;
  hasShutdownSecret: boolean;
}

/** What belongs to a node beside its record, which is one of the changed ones or one that is here. */
export interface NodeExtra {
  record: NodeRecord;
  policy?: PowerPolicy;
  /** Of its existing shutdown server. */
  shutdownSecret?: string;
}

/** Whole records to be saved. A new one has an empty id, and 0 for when it was added. */
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
  say(action: ImportEntry['action'], kind: ImportEntry['kind'], what: string, words: string): void;
  /** One setting: says what becomes of it, and remembers it where it changes. */
  setting(present: Present, path: string, value: unknown): void;
  /** Runs what may find a mistake; tells it as a refusal and gives null. */
  attempt<Result>(kind: ImportEntry['kind'], what: string, work: () => Result): Result | null;
  finish(present: Present): PlannedImport;
}

export function createDraft(): Draft {
  const entries: ImportEntry[] = [];
  const patch: Record<string, Record<string, unknown>> = {};
  const nodes: NodeRecord[] = [];
  const sources: SourceRecord[] = [];
  const extras: NodeExtra[] = [];

  const say: Draft['say'] = (action, kind, what, words) => {
    entries.push({ action, kind, what, words });
  };

  return {
    entries,
    patch,
    nodes,
    sources,
    extras,
    say,
    setting(present, path, value) {
      const [section = '', key = ''] = path.split('.');
      const checked = present.check({ [section]: { [key]: value } });
      if (!checked.ok) {
        say('refuse', 'setting', path, `It cannot be set: ${checked.problems[0]?.message ?? 'it is wrong'}.`);
        return;
      }
      const before = settingAt(present.settings, section, key);
      const after = settingAt(checked.settings, section, key);
      if (JSON.stringify(before) === JSON.stringify(after)) {
        say('same', 'setting', path, `It is ${written(after)} already.`);
        return;
      }
      say('change', 'setting', path, `It becomes ${written(after)}; now it is ${written(before)}.`);
      patch[section] = { ...patch[section], [key]: after };
    },
    attempt(kind, what, work) {
      try {
        return work();
      } catch (error) {
        if (!isPilotlightError(error)) throw error;
        say('refuse', kind, what, `${error.message} ${error.next}`);
        return null;
      }
    },
    finish(present) {
      const changed = Object.keys(patch).length > 0 ? present.check(patch) : null;
      if (changed && !changed.ok) {
        for (const { path, message } of changed.problems) {
          say('refuse', 'setting', path, `It cannot be set: ${message}.`);
        }
      }
      const settings = changed?.ok ? changed.settings : null;
      return { entries, changes: { settings, nodes, sources, extras } };
    },
  };
}

/** True while no entry is refused. */
export function isPossible(entries: readonly ImportEntry[]): boolean {
  return entries.every(({ action }) => action !== 'refuse');
}

function settingAt(settings: SavedSettings, section: string, key: string): unknown {
  const values: unknown = (settings as Record<string, unknown>)[section];
  return typeof values === 'object' && values !== null ? (values as Record<string, unknown>)[key] : undefined;
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : value.join(', ');
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}

/** The names of what differs between two nodes, for a person. */
export function nodeDifferences(before: NodeRecord, after: NodeRecord): string[] {
  const words: Partial<Record<keyof NodeRecord, string>> = {
    name: 'name',
    url: 'address',
    mac: 'MAC address',
    wakeDestinations: 'wake destinations',
    wakeWays: 'ways to wake',
    agentUrl: 'agent',
    shutdownUrl: 'shutdown server',
    vramBytes: 'VRAM',
  };
  return (Object.keys(words) as (keyof NodeRecord)[]).flatMap((key) =>
    JSON.stringify(before[key]) === JSON.stringify(after[key]) ? [] : [words[key] ?? key],
  );
}
