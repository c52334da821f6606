/** Export and import: settings, nodes and folders as one file. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { plainText } from '../../../shared/models/message.ts';
import { agentTokenSecret, relayTokenSecret, shutdownSecret } from '../../../shared/models/secrets.ts';
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
import type { Policies } from '../policies/policies.ts';
import type { Folders } from '../ports/local-machine.ts';
import type { Secrets, Store } from '../ports/state.ts';
import type { Clock, Ids } from '../ports/time.ts';
import type { SettingsService } from '../settings/service.ts';
import { foldersOf, planDocument, readDocument } from './document-plan.ts';
import { readEnvironment } from './environment.ts';
import { planEnvironment } from './environment-plan.ts';
import { type ImportChanges, isPossible, type PlannedImport, type Present } from './import-plan.ts';
import { exportedWays, settleWays, staleSecrets } from './node-plan.ts';

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

  /** Of nodes that move: what was for their old address; and what the file brings. */
  function secretChanges(
    nodes: readonly NodeRecord[],
    before: ReadonlyMap<string, NodeRecord>,
    brought: readonly { nodeId: string; shutdownSecret: string | null }[],
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
    for (const one of brought) changes[shutdownSecret(one.nodeId)] = one.shutdownSecret;
    return changes;
  }

  /** Everything is saved in one transaction; only then do the services take it over, which cannot fail. */
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
    const nodes = withIds.map((node) => settleWays(node, known));
    const idOf = (record: NodeRecord) => newIds.get(record) ?? record.id;
    const newPolicies = changes.extras.flatMap(({ record, policy }) =>
      policy === undefined ? [] : [{ nodeId: idOf(record), policy }],
    );
    const brought = changes.extras.flatMap(({ record, shutdownSecret: secret }) =>
      secret === undefined ? [] : [{ nodeId: idOf(record), shutdownSecret: secret }],
    );
    const sources = changes.sources.map((source) =>
      source.id === '' ? { ...source, id: ids.next('source'), addedAt: now } : source,
    );
    const { settings: changed } = changes;
    const extras = newPolicies.length + brought.length;
    if (changed === null && nodes.length === 0 && sources.length === 0 && extras === 0) return;
    const newSecrets = secretChanges(nodes, before, brought);
    const oldSecrets = Object.fromEntries(Object.keys(newSecrets).map((name) => [name, secrets.get(name)]));
    // While the tokens of the agents that are left are still there.
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
    for (const { nodeId } of brought) fleet.refresh(nodeId);
    policies.adopt(newPolicies);
    indexing.adoptSources(sources);
    const parts = [
      changed ? 'settings' : '',
      nodes.length > 0 ? plural(nodes.length, 'node') : '',
      extras > 0 && nodes.length === 0 ? 'when a machine goes off' : '',
      sources.length > 0 ? plural(sources.length, 'folder') : '',
    ].filter((part) => part !== '');
    activity.record({
      kind: 'system',
      severity: 'info',
      message: plainText(`Imported from a file: ${parts.join(', ')}.`),
      why: plainText('Somebody chose the file.'),
    });
  }

  return {
    export() {
      const current = settings.current();
      const { nodes, sources } = present();
      const records = nodes.flatMap(({ record }) => (record.kind === 'simulated' ? [] : [record]));
      // Parsed, so that nothing that the schema does not name gets into the file.
      return exportSchema.parse({
        format: 'pilotlight',
        version: EXPORT_VERSION,
        settings: current,
        nodes: nodes
          .filter(({ record }) => record.kind !== 'simulated')
          .map(({ record, url: _, ...rest }) => ({
            ...record,
            wakeWays: exportedWays(record, records),
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
