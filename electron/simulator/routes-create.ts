/** `/api/create` from a model that is there, and the files that it is made of. */
import { createHash } from 'node:crypto';
import {
  booleanField,
  type Exchange,
  type JsonObject,
  objectField,
  readBody,
  readJson,
  sendFirstError,
  sendNothing,
  sendPlainJson,
  textField,
  writeLine,
} from './http-exchange.ts';
import { digestOf, fullName, isValidName, layersOf } from './library.ts';
import { type ModelDefinition, OllamaError } from './model.ts';
import { manifestFailure } from './routes-pull.ts';
import type { ServerContext } from './server-context.ts';

export async function create(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'CreateRequest') || textField(body, 'name', 'CreateRequest');
  const from = textField(body, 'from', 'CreateRequest');
  const files = objectField(body, 'files', 'CreateRequest');
  const stream = booleanField(body, 'stream', 'CreateRequest') ?? true;
  if (!isValidName(name)) throw new OllamaError(400, 'invalid model name');
  const say = (status: string) => {
    if (stream) writeLine(exchange.response, { status });
  };
  const fail = (status: number, error: string) => {
    if (exchange.response.headersSent) {
      writeLine(exchange.response, { error });
      exchange.response.end();
    } else if (stream) sendFirstError(exchange.response, status, error);
    else sendPlainJson(exchange.response, status, { error });
  };

  if (from === '' && Object.keys(files).length === 0) {
    fail(400, "neither 'from' or 'files' was specified");
    return;
  }
  if (from === '') {
    // Which files are a model is not simulated.
    say('parsing GGUF');
    fail(400, 'supplied file was not in GGUF format');
    return;
  }
  const base = context.library.find(from);
  if (base === null) {
    fail(500, manifestFailure(from, false));
    return;
  }
  const made = madeFrom(base, name, body, context.clock.now());
  for (const layer of layersOf(made)) {
    say(`${context.library.hasBlob(layer) ? 'using existing' : 'creating new'} layer sha256:${layer}`);
  }
  say('writing manifest');
  context.library.add(made);
  if (stream) {
    writeLine(exchange.response, { status: 'success' });
    exchange.response.end();
  } else sendPlainJson(exchange.response, 200, { status: 'success' });
}

function madeFrom(
  base: ModelDefinition,
  name: string,
  body: JsonObject,
  modifiedAt: number,
): ModelDefinition {
  const given = objectField(body, 'parameters', 'CreateRequest') as NonNullable<
    ModelDefinition['parameters']
  >;
  const parameters = { ...base.parameters, ...given };
  const template = textField(body, 'template', 'CreateRequest') || base.template;
  const system = textField(body, 'system', 'CreateRequest') || base.system;
  const made: ModelDefinition = {
    ...base,
    name: fullName(name),
    parent: base.name,
    modifiedAt,
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(template !== undefined && { template }),
    ...(system !== undefined && { system }),
  };
  return { ...made, digest: digestOf(`manifest ${layersOf(made).join(' ')}`) };
}

const DIGEST = /^sha256[:-][0-9a-f]{64}$/;

function digestIn(path: string): string {
  const digest = path.slice(path.lastIndexOf('/') + 1);
  if (!DIGEST.test(digest)) throw new OllamaError(400, 'invalid digest format');
  return digest.slice('sha256:'.length);
}

export function headBlob(context: ServerContext, { path, response }: Exchange): void {
  response.writeHead(context.library.hasBlob(digestIn(path)) ? 200 : 404);
  response.end();
}

export async function putBlob(context: ServerContext, { path, request, response }: Exchange): Promise<void> {
  const expected = digestIn(path);
  if (context.library.hasBlob(expected)) {
    sendNothing(response, 200);
    return;
  }
  const got = createHash('sha256')
    .update(await readBody(request))
    .digest('hex');
  if (got !== expected)
    throw new OllamaError(400, `digest mismatch, expected "sha256:${expected}", got "sha256:${got}"`);
  context.library.addBlob(expected);
  sendNothing(response, 201);
}
