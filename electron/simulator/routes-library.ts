/** The routes version, tags and ps; copy and delete. */

import { rfc3339Nano } from './go-values.ts';
import { type Exchange, readJson, sendJson, sendNothing, textField } from './http-exchange.ts';
import { fullName, isValidName } from './library.ts';
import { type ModelDefinition, OllamaError, type Profile } from './model.ts';
import { findModel, notFound, requireName, type ServerContext } from './server-context.ts';

export const VERSIONS: Readonly<Record<Profile, string>> = { '0.24': '0.24.0', '0.33': '0.33.0' };

export function detailsOf(model: ModelDefinition) {
  return {
    parent_model: model.parent ?? '',
    format: 'gguf',
    family: model.family,
    families: [model.family],
    parameter_size: model.parameterSize,
    quantization_level: model.quantization,
  };
}

export function version(context: ServerContext, exchange: Exchange): void {
  const version = context.faults.is('old-version') ? '0.1.36' : VERSIONS[context.profile];
  sendJson(exchange.response, 200, { version });
}

export function tags(context: ServerContext, exchange: Exchange): void {
  const models = context.library.list().map((model) => ({
    name: model.name,
    model: model.name,
    modified_at: rfc3339Nano(model.modifiedAt, context.utcOffsetMinutes),
    size: model.sizeBytes,
    digest: model.digest,
    ...(context.profile === '0.33' ? readEarly(model) : { details: detailsOf(model) }),
  }));
  sendJson(exchange.response, 200, { models });
}

/** What tags reads of the weights, the beginning only. */
function readEarly(model: ModelDefinition) {
  const details = detailsOf(model);
  if (model.broken === 'lost') return { details };
  if (model.madeByCreate) return { details, capabilities: ['completion'] };
  const { contextLength: context_length, embeddingLength: embedding_length } = model;
  return { details: { ...details, context_length, embedding_length }, capabilities: model.capabilities };
}

export function ps(context: ServerContext, exchange: Exchange): void {
  const models = context.scheduler.loaded().map((runner) => ({
    name: runner.model.name,
    model: runner.model.name,
    size: runner.sizeBytes,
    digest: runner.model.digest,
    details: { ...detailsOf(runner.model), parent_model: '' },
    expires_at: rfc3339Nano(runner.expiresAt, context.utcOffsetMinutes),
    size_vram: runner.sizeVramBytes,
    context_length: runner.contextLength,
  }));
  sendJson(exchange.response, 200, { models });
}

/** Removes the tag from the disk; a resident runner stays. */
export async function remove(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'DeleteRequest') || textField(body, 'name', 'DeleteRequest');
  context.library.remove(findModel(context, requireName(name), notFound.single));
  sendNothing(exchange.response, 200);
}

/** A second tag on the same files. */
export async function copy(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const source = textField(body, 'source', 'CopyRequest');
  const destination = textField(body, 'destination', 'CopyRequest');
  for (const [field, name] of Object.entries({ source, destination })) {
    if (!isValidName(name)) throw new OllamaError(400, `${field} ${JSON.stringify(name)} is invalid`);
  }
  const model = findModel(
    context,
    source,
    () => new OllamaError(404, `model ${JSON.stringify(source)} not found`),
  );
  context.library.add({ ...model, name: fullName(destination), modifiedAt: context.clock.now() });
  sendNothing(exchange.response, 200);
}
