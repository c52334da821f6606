/** Export and import of settings, nodes and folders as one file. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import { agentTokenSecret, relayTokenSecret, shutdownSecret } from '../../../shared/models/secrets.ts';
import { secretSettingNames } from '../../../shared/models/settings.ts';
import {
  EXPORT_VERSION,
  type ExportDocument,
  exportSchema,
  type ImportEntry,
  type ImportPlan,
} from '../../../shared/models/transfer.ts';
import type { ActivityService } from '../activity/service.ts';
import type { FleetService } from '../fleet/service.ts';
import type { IndexingService } from '../indexing/service.ts';
import type { Policies } from '../policies/policies.ts';
import type { Folders } from '../ports/local-machine.ts';
import type { Secrets, Store } from '../ports/state.ts';
import type { Clock, Ids } from '../ports/time.ts';
import type { SettingsService } from '../settings/service.ts';
import { foldersOf, planDocument, readDocument } from './document-plan.ts';
import { readEnvironment } from './environment.ts';
import { planEnvironment } from './environment-plan.ts';
import { type ImportChanges, isPossible, type PlannedImport, type Present } from './import-plan.ts';
import { exportedWakeMethods, settleWakeMethods, staleSecrets } from './node-plan.ts';

export interface ImportRequest {
  text: string;
  /** false: only plans it. */
  apply: boolean;
}

export interface TransferService {
  /** Everything that a person set, without secrets and simulated machines. */
  export(): ExportDocument;
  /**
   * Plans the import of an exported file; applies all of it or nothing. Rejects with BAD_IMPORT if the text is not such
   * a file, or if it should be applied and an entry is refused (`details.entries`); DISK_FULL.
   */
  import(request: ImportRequest): Promise<ImportPlan>;
  /** The same for the environment file of an existing server. */
  importEnvironment(request: ImportRequest): ImportPlan;
}

export interface TransferDependencies {
  clock: Pick<Clock, 'now'>;
  ids: Ids;
  folders: Folders;
  store: Pick<Store, 'settings' | 'nodes' | 'sources' | 'power' | 'transaction'>;
  secrets: Pick<Secrets, 'get' | 'change'>;
  policies: Pick<Policies, 'get' | 'isSet' | 'adopt'>;
  settings: Pick<SettingsService, 'current' | 'check' | 'adopt'>;
  fleet: Pick<FleetService, 'records' | 'get' | 'beforeAdopt' | 'adopt' | 'refresh'>;
  indexing: Pick<IndexingService, 'sourceRecords' | 'adoptSources'>;
  activity: Pick<ActivityService, 'record'>;
}

export function createTransferService(dependencies: TransferDependencies): TransferService {
  const { clock, ids, folders, store, secrets, policies, settings, fleet, indexing, activity } = dependencies;

  function present(): Present {
    return {
      settings: settings.current(),
      check: settings.check,
      nodes: fleet.records().map((node) => {
        const { id } = node.record;
        const view = fleet.get(id);
        return {
          ...node,
          policy: policies.isSet(id) ? policies.get(id) : null,
          hasSecureOn: view?.hasSecureOn ?? false,
          hasAgentToken: view?.hasAgentToken ?? false,
          hasRelayToken: view?.hasRelayToken ?? false,
          hasShutdownSecret: view?.hasShutdownSecret ?? false,
        };
      }),
      // The ingested texts are of this computer, and are not a folder that a person has chosen.
      sources: indexing.sourceRecords().filter(({ kind }) => kind !== 'ingested'),
    };
  }

  /** One folder after the other: long lists are rare, and each folder is one system call. */
  async function findFolders(paths: readonly string[]) {
    const found = new Map<string, { path: string } | { problem: Message }>();
    for (const path of paths) {
      try {
        found.set(path, { path: await folders.resolve(path) });
      } catch (error) {
        if (!isPilotlightError(error)) throw error;
        found.set(path, { problem: fact('FOLDER_UNUSABLE', { error: errorMessage(error) }) });
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

  /** Removes the secrets of nodes whose address changes, and adds those of the file. */
  function secretChanges(
    nodes: readonly NodeRecord[],
    before: ReadonlyMap<string, NodeRecord>,
    imported: readonly { nodeId: string; shutdownSecret: string | null }[],
  ): Record<string, string | null> {
    const changes: Record<string, string | null> = {};
    const drop = (name: string) => {
      if (secrets.get(name) !== null) changes[name] = null;
    };
    for (const node of nodes) {
      const known = before.get(node.id);
      if (!known) continue;
      const stale = staleSecrets(known, node);
      if (stale.agentToken) drop(agentTokenSecret(node.id));
      if (stale.relayToken) drop(relayTokenSecret(node.id));
      if (stale.shutdownSecret) drop(shutdownSecret(node.id));
    }
    for (const one of imported) changes[shutdownSecret(one.nodeId)] = one.shutdownSecret;
    return changes;
  }

  /** Saves everything in one transaction; then the services take it over, which cannot fail. */
  function save(changes: ImportChanges): void {
    const now = clock.now();
    const before = new Map(fleet.records().map(({ record }) => [record.id, record]));
    const newIds = new Map<NodeRecord, string>();
    const withIds = changes.nodes.map((node) => {
      const named = node.id === '' ? { ...node, id: ids.next('node'), addedAt: now } : node;
      newIds.set(node, named.id);
      return named;
    });
    const known = [...withIds, ...[...before.values()].filter(({ kind }) => kind !== 'simulated')];
    const nodes = withIds.map((node) => settleWakeMethods(node, known));
    const idOf = (record: NodeRecord) => newIds.get(record) ?? record.id;
    const newPolicies = changes.extras.flatMap(({ record, policy }) =>
      policy === undefined ? [] : [{ nodeId: idOf(record), policy }],
    );
    const imported = changes.extras.flatMap(({ record, shutdownSecret: secret }) =>
      secret === undefined ? [] : [{ nodeId: idOf(record), shutdownSecret: secret }],
    );
    const sources = changes.sources.map((source) =>
      source.id === '' ? { ...source, id: ids.next('source'), addedAt: now } : source,
    );
    const { settings: changed } = changes;
    const extras = newPolicies.length + imported.length;
    if (changed === null && nodes.length === 0 && sources.length === 0 && extras === 0) return;
    const newSecrets = secretChanges(nodes, before, imported);
    const oldSecrets = Object.fromEntries(Object.keys(newSecrets).map((name) => [name, secrets.get(name)]));
    // Needs the tokens of the agents that the nodes leave.
    fleet.beforeAdopt(nodes);
    if (Object.keys(newSecrets).length > 0) secrets.change(newSecrets);
    try {
      store.transaction(() => {
        if (changed) store.settings.write(changed);
        for (const node of nodes) store.nodes.put(node);
        for (const { nodeId, policy } of newPolicies) store.power.putPolicy(nodeId, policy);
        for (const source of sources) store.sources.put(source);
      });
    } catch (error) {
      if (Object.keys(newSecrets).length > 0) secrets.change(oldSecrets);
      throw error;
    }
    if (changed) settings.adopt(changed);
    fleet.adopt(nodes);
    for (const { nodeId } of imported) fleet.refresh(nodeId);
    policies.adopt(newPolicies);
    indexing.adoptSources(sources);
    activity.record({
      kind: 'system',
      severity: 'info',
      message: fact('IMPORTED', {
        settings: changed !== null,
        nodes: nodes.length,
        policies: extras > 0,
        folders: sources.length,
      }),
      why: fact('A_PERSON_IMPORTED'),
    });
  }

  return {
    export() {
      const current = settings.current();
      const { nodes, sources } = present();
      const records = nodes.flatMap(({ record }) => (record.kind === 'simulated' ? [] : [record]));
      // Parsed, so that the file contains nothing that the schema does not have.
      return exportSchema.parse({
        format: 'pilotlight',
        version: EXPORT_VERSION,
        settings: current,
        nodes: nodes
          .filter(({ record }) => record.kind !== 'simulated')
          .map(({ record, url: _, ...rest }) => ({
            ...record,
            wakeWays: exportedWakeMethods(record, records),
            ...rest,
          })),
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
        throw new PilotlightError('BAD_IMPORT', { message: fact('FILE_WITHOUT_VARIABLES') });
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
  return new PilotlightError('BAD_IMPORT', {
    ...(first && {
      message: fact('IMPORT_REFUSED', {
        kind: first.kind,
        what: first.what,
        reason: first.message,
        more: refused.length - 1,
      }),
    }),
    details: { entries: refused },
  });
}
