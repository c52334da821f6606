/** What every route needs, and steps that several of them share. */
import type { SimulatorClock } from './clock.ts';
import type { Compute } from './compute.ts';
import { createEmbedder, type Embedder } from './embedding.ts';
import type { Faults } from './faults.ts';
import { nanoseconds, parseKeepAlive, rfc3339Nano } from './go-values.ts';
import { booleanField, type JsonObject, objectField } from './http-exchange.ts';
import { fullName, type Library } from './library.ts';
import type { Lease } from './lifecycle.ts';
import { type ModelDefinition, OllamaError, type Profile } from './model.ts';
import type { OpenAiProduct } from './openai-only.ts';
import { checkOptionTypes, resolveLoadOptions } from './options.ts';
import type { Scheduler } from './scheduler.ts';

export interface ServerContext {
  profile: Profile;
  clock: SimulatorClock;
  scheduler: Scheduler;
  compute: Compute;
  library: Library;
  /** Models that `pull` can fetch. */
  registry: readonly ModelDefinition[];
  pullBytesPerSecond: number;
  faults: Faults;
  /** The server's time zone, used in `modified_at` and `expires_at`. */
  utcOffsetMinutes: number;
  embedders: Map<string, Embedder>;
  /** The product, if it speaks only OpenAI's dialect; null for Ollama. */
  openAiOnly: OpenAiProduct | null;
  /** OpenAI completions answered, for their ids. */
  completions: number;
}

/** Every lookup takes some time; a real server never reports a zero duration. */
const MIN_MS = 0.9;

/** The message for a missing model differs between routes. */
export const notFound = {
  single: (name: string) => new OllamaError(404, `model '${name}' not found`),
  /** Show names the tag too. */
  tagged: (name: string) => new OllamaError(404, `model '${fullName(name)}' not found`),
  embedding: (name: string) =>
    new OllamaError(404, `model ${JSON.stringify(name)} not found, try pulling it first`),
};

export function findModel(
  context: ServerContext,
  name: string,
  missing: (name: string) => OllamaError,
): ModelDefinition {
  // A request that names no model is told so in the same words by every route that loads one.
  if (name === '') throw notFound.single('');
  const model = context.library.find(name);
  if (!model) throw missing(name);
  return model;
}

/** What show, delete and copy need. */
export function requireName(name: string): string {
  if (name === '') throw new OllamaError(400, 'model is required');
  return name;
}

export interface RequestedLoad {
  options: JsonObject;
  keepAliveMs: number | undefined;
  /** Default true. */
  shift?: boolean;
}

/** `options` and `keep_alive` of a request. Throws a 400 for a keep_alive that cannot be parsed. */
export function readRequestedLoad(body: JsonObject, owner: string): RequestedLoad {
  return {
    options: objectField(body, 'options', owner),
    keepAliveMs: parseKeepAlive(body.keep_alive),
    shift: booleanField(body, 'shift', owner) ?? true,
  };
}

/** Waits for a runner. Throws 499, 500 (wrong option type, out of memory) or 503. */
export async function acquire(
  context: ServerContext,
  model: ModelDefinition,
  requested: RequestedLoad,
  signal: AbortSignal,
): Promise<Lease> {
  checkOptionTypes(requested.options);
  const options = resolveLoadOptions(
    requested.options,
    model,
    context.scheduler.defaultContext(),
    requested.shift,
  );
  return context.scheduler.acquire({ model, options, keepAliveMs: requested.keepAliveMs, signal });
}

export function embedderFor(context: ServerContext, model: ModelDefinition): Embedder {
  let embedder = context.embedders.get(model.digest);
  if (!embedder) {
    embedder = createEmbedder(model.digest);
    context.embedders.set(model.digest, embedder);
  }
  return embedder;
}

/** `created_at` is in UTC. */
export function createdAt(context: ServerContext): string {
  return rfc3339Nano(context.clock.now());
}

/** Nanoseconds of a measured time, never zero. */
export function duration(ms: number): number {
  return nanoseconds(Math.max(MIN_MS, ms));
}
