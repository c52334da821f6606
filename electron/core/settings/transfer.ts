/** Export and import: settings, nodes and folders as one file. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { secretSettingNames } from '../../../shared/models/settings.ts';
import {
  EXPORT_VERSION,
  type ExportDocument,
  exportSchema,
  type ImportEntry,
  type ImportPlan,
} from '../../../shared/models/transfer.ts';
import { plural } from '../../../shared/units.ts';
import type { ActivityService } from '../activity/service.ts';
import type { FleetService } from '../fleet/service.ts';
import type { IndexingService } from '../indexing/service.ts';
import type { Clock, Folders, Ids, Store } from '../ports.ts';
import { foldersOf, planDocument, readDocument } from './document-plan.ts';
import { readEnvironment } from './environment.ts';
import { planEnvironment } from './environment-plan.ts';
import { type ImportChanges, isPossible, type PlannedImport, type Present } from './import-plan.ts';
import type { SettingsService } from './service.ts';

export interface ImportRequest {
  text: string;
  /** false only tells what would be done. */
  apply: boolean;
}

export interface TransferService {
  /** Everything that a person set, without any secret and without simulated machines. */
  export(): ExportDocument;
  /**
   * Plans an import of an exported file, and does all of it or nothing. Rejects with BAD_IMPORT when the text is no
   * such file, or when an entry is refused and it was to be applied (`details.entries`); DISK_FULL.
   */
  import(request: ImportRequest): Promise<ImportPlan>;
  /** The same for an environment file with the names of existing servers. */
  importEnvironment(request: ImportRequest): ImportPlan;
}

export interface TransferDependencies {
  clock: Pick<Clock, 'now'>;
  ids: Ids;
  folders: Folders;
  store: Pick<Store, 'settings' | 'nodes' | 'sources' | 'transaction'>;
  settings: Pick<SettingsService, 'current' | 'check' | 'adopt'>;
  fleet: Pick<FleetService, 'records' | 'get' | 'adopt'>;
  indexing: Pick<IndexingService, 'sourceRecords' | 'adoptSources'>;
  activity: Pick<ActivityService, 'record'>;
}

export function createTransferService(dependencies: TransferDependencies): TransferService {
  const { clock, ids, folders, store, settings, fleet, indexing, activity } = dependencies;

  function present(): Present {
    return {
      settings: settings.current(),
      check: settings.check,
      nodes: fleet.records().map((node) => ({
        ...node,
        hasSecureOn: fleet.get(node.record.id)?.hasSecureOn ?? false,
      })),
      sources: indexing.sourceRecords(),
    };
  }

  /** Looks at one folder after the other: a list of hundreds is rare, and each is one call of the system. */
  async function findFolders(paths: readonly string[]) {
    const found = new Map<string, { path: string } | { problem: string }>();
    for (const path of paths) {
      try {
        found.set(path, { path: await folders.resolve(path) });
      } catch (error) {
        if (!isPilotlightError(error)) throw error;
        found.set(path, { problem: `It cannot be used on this computer: ${error.message}` });
      }
    }
    return found;
  }

  function finish({ entries, changes }: PlannedImport, apply: boolean): ImportPlan {
    const possible = isPossible(entries);
    if (!apply) return { applied: false, possible, entries };
    if (!possible) throw refusal(entries);
    save(changes);
    return { applied: true, possible, entries };
  }

  /** Everything is saved in one transaction; only then do the services take it over, which cannot fail. */
  function save(changes: ImportChanges): void {
    const now = clock.now();
    const nodes = changes.nodes.map((node) =>
      node.id === '' ? { ...node, id: ids.next('node'), addedAt: now } : node,
    );
    const sources = changes.sources.map((source) =>
      source.id === '' ? { ...source, id: ids.next('source'), addedAt: now } : source,
    );
    const { settings: changed } = changes;
    if (changed === null && nodes.length === 0 && sources.length === 0) return;
    store.transaction(() => {
      if (changed) store.settings.write(changed);
      for (const node of nodes) store.nodes.put(node);
      for (const source of sources) store.sources.put(source);
    });
    if (changed) settings.adopt(changed);
    fleet.adopt(nodes);
    indexing.adoptSources(sources);
    const parts = [
      changed ? 'settings' : '',
      nodes.length > 0 ? plural(nodes.length, 'node') : '',
      sources.length > 0 ? plural(sources.length, 'folder') : '',
    ].filter((part) => part !== '');
    activity.record({
      kind: 'system',
      severity: 'info',
      message: `Imported from a file: ${parts.join(', ')}.`,
      why: 'Somebody chose the file.',
    });
  }

  return {
    export() {
      const current = settings.current();
      const { nodes, sources } = present();
      // Parsed, so that nothing that the schema does not name gets into the file.
      return exportSchema.parse({
        format: 'pilotlight',
        version: EXPORT_VERSION,
        settings: current,
        nodes: nodes
          .filter(({ record }) => record.kind !== 'simulated')
          .map(({ record, hasSecureOn }) => ({ ...record, hasSecureOn })),
        sources,
        secretsLeftOut: secretSettingNames.filter((path) => isSet(current, path)),
      });
    },
    async import({ text, apply }) {
      const document = readDocument(text);
      const found = await findFolders(foldersOf(document));
      return finish(planDocument(document, present(), found), apply);
    },
    importEnvironment({ text, apply }) {
      const planned = planEnvironment(readEnvironment(text), present());
      if (planned.entries.length === 0) {
        throw new PilotlightError('BAD_IMPORT', { message: 'There is no NAME=value in this file.' });
      }
      return finish(planned, apply);
    },
  };
}

function isSet(settings: ReturnType<SettingsService['current']>, path: string): boolean {
  const [section = '', key = ''] = path.split('.');
  const values: unknown = Reflect.get(settings, section);
  const state: unknown = typeof values === 'object' && values !== null ? Reflect.get(values, key) : null;
  return typeof state === 'object' && state !== null && 'set' in state && state.set === true;
}

function refusal(entries: ImportEntry[]): PilotlightError {
  const refused = entries.filter(({ action }) => action === 'refuse');
  const [first] = refused;
  const more = refused.length > 1 ? ` And ${refused.length - 1} more.` : '';
  return new PilotlightError('BAD_IMPORT', {
    message: `${first?.what ?? 'The file'}: ${first?.words ?? 'it is wrong.'}${more}`,
    details: { entries: refused },
  });
}
