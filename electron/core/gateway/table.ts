/** Builds the routing table. Pure. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { InstalledModel } from '../../../shared/models/placement.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { allRightsOf } from '../../../shared/rights.ts';
import { serverCan } from '../../../shared/server-can.ts';
import type { KnownKey } from '../access/credential-view.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import type {
  Dialect,
  GatewayTable,
  TableCredential,
  TableHolding,
  TableModel,
  TableNode,
  TableSettings,
} from './model.ts';
import type { HoldRule } from './wake-policy.ts';

export interface TableFacts {
  nodes: readonly NodeFacts[];
  credentials: readonly KnownKey[];
  settings: Settings['gateway'];
  /** A server that is no node of the fleet. */
  own?: TableNode | null;
}

export interface NodeFacts {
  view: NodeView;
  /** Bytes; null if unknown. */
  usedVramBytes: number | null;
  /** Canonical names. */
  moving: readonly string[];
}

/** Less than this changes no route, so it is no reason for a new table. Bytes. */
const VRAM_STEP = 64 * 1024 ** 2;
const MIB = 1024 ** 2;

export const roundedVram = (bytes: number | null): number | null =>
  bytes === null ? null : Math.round(bytes / VRAM_STEP) * VRAM_STEP;

const dialects: readonly Dialect[] = ['ollama', 'openai', 'anthropic'];

export function buildTable({
  nodes,
  credentials,
  settings,
  own = null,
}: TableFacts): Omit<GatewayTable, 'version'> {
  return {
    nodes: [...nodes.flatMap((node) => tableNode(node, settings) ?? []), ...(own === null ? [] : [own])],
    credentials: credentials.flatMap((credential) => tableCredential(credential) ?? []),
    settings: tableSettings(settings),
    holding: tableHolding(settings),
  };
}

/** null for a node without an inference server. */
function tableNode(
  { view, usedVramBytes, moving }: NodeFacts,
  settings: Settings['gateway'],
): TableNode | null {
  if (view.url === null || view.server === null) return null;
  return {
    id: view.id,
    name: view.name,
    url: view.url,
    serverVersion: view.server.version,
    dialects: dialects.filter((dialect) => serverCan(view, `speaks-${dialect}`)),
    serving: isServing(view.state),
    hasGpu: view.hasGpu,
    installed: view.cloudModels
      ? [...tableModels(view.installed), ...tableModels(view.cloudModels)]
      : tableModels(view.installed),
    loaded: view.loaded.map(({ name, digest, sizeBytes, vramBytes, expiresAt, contextLength, gpuShare }) => ({
      name,
      digest,
      sizeBytes,
      vramBytes,
      expiresAt,
      contextLength,
      gpuShare,
    })),
    saysPlacement: serverCan(view, 'says-placement'),
    vram: {
      totalBytes: view.vram.totalBytes,
      usedBytes: roundedVram(usedVramBytes),
    },
    slots: slotsSetFor(settings, view.id),
    canWake: view.canWake,
    usualWakeMs: view.boot.usualMs,
    gpuLost: view.gpuLost !== null,
    ...(view.wedged !== null && { wedged: true }),
    moving,
  };
}

/** Lists are replaced, never mutated, and are the largest part of a table. */
const known = new WeakMap<readonly InstalledModel[], readonly TableModel[]>();

function tableModels(installed: readonly InstalledModel[]): readonly TableModel[] {
  const before = known.get(installed);
  if (before !== undefined) return before;
  const models = installed.map(tableModel);
  known.set(installed, models);
  return models;
}

function tableModel(model: InstalledModel): TableModel {
  return {
    name: model.name,
    digest: model.digest,
    sizeBytes: model.sizeBytes,
    modifiedAt: model.modifiedAt ?? null,
    parentModel: model.parentModel ?? '',
    format: model.format ?? '',
    family: model.family,
    families: model.families ?? null,
    parameterSize: model.parameterSize,
    quantization: model.quantization,
    capabilities: model.capabilities,
    contextLength: model.contextLength ?? null,
    embeddingLength: model.embeddingLength,
    cloud: model.cloud ?? false,
  };
}

/** Sessions are bound to the panel's own address, so the gateway gets none of them. */
function tableCredential(credential: KnownKey): TableCredential | null {
  return credential.kind === 'session' ? null : credential;
}

function tableSettings(settings: Settings['gateway']): TableSettings {
  return {
    keyOnLoopback: settings.keyOnLoopback,
    beta: settings.beta,
    managementNodeId: settings.managementNodeId,
    allowCloud: settings.allowCloud,
    fallbacks: Object.fromEntries(settings.fallbacks.map(({ model, use }) => [canonicalName(model), use])),
    bodyBudgetBytes: settings.bodyBudgetMb * MIB,
  };
}

/** When the next usable key expires, milliseconds since the epoch; null if none does. */
export function keyEnds(credentials: readonly KnownKey[], now: number): number | null {
  const ends = credentials.flatMap(({ endsAt, revoked }) =>
    endsAt === null || endsAt <= now || revoked ? [] : [endsAt],
  );
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Requests at once that a person set for a node; null for none. */
export const slotsSetFor = ({ slots }: Pick<Settings['gateway'], 'slots'>, nodeId: string): number | null =>
  slots.find((one) => one.nodeId === nodeId)?.slots ?? null;

export const holdRules = ({ policies }: Pick<Settings['gateway'], 'policies'>): HoldRule[] =>
  policies.map(({ cpuAfterSeconds, ...policy }) => ({ ...policy, cpuAfterMs: cpuAfterSeconds * 1000 }));

function tableHolding(settings: Settings['gateway']): TableHolding {
  return {
    rules: holdRules(settings),
    mayWake: settings.mayWake,
    queueLimit: settings.queueLimit,
    maxWaitMs: settings.maxWaitSeconds * 1000,
    contextRules: settings.contextRules,
  };
}

/** Whether somebody on the network could use the gateway. */
export function hasUsableKey(credentials: readonly KnownKey[], now: number): boolean {
  return credentials.some(
    ({ kind, rights, revoked, endsAt }) =>
      kind !== 'session' && !revoked && (endsAt === null || endsAt > now) && allRightsOf(rights).has('infer'),
  );
}
