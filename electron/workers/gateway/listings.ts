/**
 * What the gateway lists: the union of the fleet's models, in the shapes of a real server. Pure, and from the table
 * alone, so that a listing never waits for a machine or wakes one.
 *
 * A model is listed once by its canonical name, also if nodes have different weights under it; the entry is that of the
 * newest. `allowed` has the patterns of a key, null for all. Models that run elsewhere are left out unless allowed.
 */
import { canonicalName, matchesPriority } from '../../core/fleet/model-placement.ts';
import type { GatewayTable, TableLoaded, TableModel, TableNode } from '../../core/gateway/model.ts';

export type AllowedModels = readonly string[] | null;

interface Details {
  parent_model: string;
  format: string;
  family: string;
  families: readonly string[] | null;
  parameter_size: string;
  quantization_level: string;
  context_length?: number;
  embedding_length?: number;
}

export interface ListedTag {
  name: string;
  model: string;
  modified_at: string;
  size: number;
  digest: string;
  details: Details;
  capabilities?: readonly string[];
}

export interface ListedRunning {
  name: string;
  model: string;
  size: number;
  digest: string;
  details: Details;
  expires_at: string;
  size_vram: number;
  context_length?: number;
}

export interface ListedOpenAiModel {
  id: string;
  object: 'model';
  /** Seconds since the epoch. */
  created: number;
  owned_by: string;
}

/** Go's zero time, which a server writes where it knows none. */
const NO_TIME = '0001-01-01T00:00:00Z';
/** A server keeps a model that is to stay for the longest Go duration, about 292 years. */
const STAYS_MS = 2 ** 63 / 1e6;

/** The answer to `GET /api/tags`: the newest first, with the models of nodes that are asleep. */
export function listTags(table: GatewayTable, allowed: AllowedModels): { models: ListedTag[] } {
  return { models: modelsOf(table, 'ollama', allowed).map(tagOf) };
}

/** The answer to `GET /api/ps`: what is loaded now, the latest expiry first. `now` is in milliseconds. */
export function listRunning(
  table: GatewayTable,
  allowed: AllowedModels,
  now: number,
): { models: ListedRunning[] } {
  const may = filterFor(table, allowed);
  const running = table.nodes
    .filter((node) => node.serving && node.saysPlacement && node.dialects.includes('ollama'))
    .flatMap((node) =>
      node.loaded.map((loaded) => ({
        loaded,
        installed: installedAs(node, loaded),
        expiresAt: loaded.expiresAt ?? now + STAYS_MS,
      })),
    )
    .filter(({ loaded, installed }) => may({ name: loaded.name, cloud: installed?.cloud ?? false }))
    .sort((one, other) => other.expiresAt - one.expiresAt);
  return {
    models: firstOfEachName(running, ({ loaded }) => loaded.name).map(({ loaded, installed, expiresAt }) => ({
      name: loaded.name,
      model: loaded.name,
      size: loaded.sizeBytes,
      digest: loaded.digest,
      details: { ...detailsOf(installed), parent_model: '' },
      expires_at: timestamp(expiresAt),
      size_vram: loaded.vramBytes,
      ...(loaded.contextLength === null ? {} : { context_length: loaded.contextLength }),
    })),
  };
}

/** The answer to `GET /v1/models`, in the order of the tags. */
export function listOpenAiModels(
  table: GatewayTable,
  allowed: AllowedModels,
): { object: 'list'; data: ListedOpenAiModel[] } {
  return { object: 'list', data: modelsOf(table, 'openai', allowed).map(openAiEntryOf) };
}

/** The answer to `GET /v1/models/ID`; null if there is no such model, or none that may be used. */
export function openAiModel(
  table: GatewayTable,
  allowed: AllowedModels,
  id: string,
): ListedOpenAiModel | null {
  const wanted = canonicalName(id);
  const found = modelsOf(table, 'openai', allowed).find(({ name }) => canonicalName(name) === wanted);
  return found ? openAiEntryOf(found) : null;
}

function modelsOf(table: GatewayTable, dialect: 'ollama' | 'openai', allowed: AllowedModels): TableModel[] {
  const models = table.nodes
    .filter(({ dialects }) => dialects.includes(dialect))
    .flatMap(({ installed }) => installed)
    .filter(filterFor(table, allowed))
    // A server compares whole seconds, and leaves the order of the rest.
    .map((model) => ({ model, modified: Math.floor(timeOf(model) / 1000) }))
    .sort((one, other) => other.modified - one.modified)
    .map(({ model }) => model);
  return firstOfEachName(models, ({ name }) => name);
}

function filterFor({ settings }: GatewayTable, allowed: AllowedModels) {
  return ({ name, cloud }: { name: string; cloud: boolean }): boolean =>
    (settings.allowCloud || !cloud) && (allowed === null || matchesPriority(name, allowed));
}

function firstOfEachName<Entry>(entries: readonly Entry[], nameOf: (entry: Entry) => string): Entry[] {
  const first = new Map<string, Entry>();
  for (const entry of entries) {
    const name = canonicalName(nameOf(entry));
    if (!first.has(name)) first.set(name, entry);
  }
  return [...first.values()];
}

function tagOf(model: TableModel): ListedTag {
  const { contextLength, embeddingLength, capabilities } = model;
  return {
    name: model.name,
    model: model.name,
    modified_at: model.modifiedAt ?? NO_TIME,
    size: model.sizeBytes,
    digest: model.digest,
    details: {
      ...detailsOf(model),
      ...(contextLength === null ? {} : { context_length: contextLength }),
      ...(embeddingLength === null ? {} : { embedding_length: embeddingLength }),
    },
    ...(capabilities === null ? {} : { capabilities }),
  };
}

function detailsOf(model: TableModel | undefined): Details {
  return {
    parent_model: model?.parentModel ?? '',
    format: model?.format ?? '',
    family: model?.family ?? '',
    families: model?.families ?? null,
    parameter_size: model?.parameterSize ?? '',
    quantization_level: model?.quantization ?? '',
  };
}

/** A loaded model is listed under the name that loaded it. It stays loaded when that name is deleted. */
function installedAs(node: TableNode, loaded: TableLoaded): TableModel | undefined {
  const wanted = canonicalName(loaded.name);
  return (
    node.installed.find(({ name }) => canonicalName(name) === wanted) ??
    node.installed.find(({ digest }) => digest !== '' && digest === loaded.digest)
  );
}

function openAiEntryOf(model: TableModel): ListedOpenAiModel {
  const created = Math.floor(timeOf(model) / 1000);
  return { id: model.name, object: 'model', created, owned_by: ownerOf(model.name) };
}

/** Its namespace, as Ollama has it: `ada` of `ada/qwen3` and of `hf.co/ada/qwen3`. */
function ownerOf(name: string): string {
  return name.split('/').at(-2) || 'library';
}

/** 0 if unknown. */
const timeOf = ({ modifiedAt }: TableModel): number => Date.parse(modifiedAt ?? '') || 0;

/** RFC 3339 without the zeros at its end, as Go writes it. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}
