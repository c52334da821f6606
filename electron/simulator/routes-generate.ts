/** `/api/generate` and `/api/chat`: load, unload, and answers, whole or streamed. */
import { answerTo } from './answers.ts';
import { countTokens } from './embedding.ts';
import {
  booleanField,
  type Exchange,
  type JsonObject,
  readJson,
  sendJson,
  startLines,
  textField,
  withoutEmpty,
  writeLine,
} from './http-exchange.ts';
import { pathName } from './library.ts';
import type { Lease } from './lifecycle.ts';
import { type Capability, type ModelDefinition, OllamaError } from './model.ts';
import { dieOnce } from './routes-embed.ts';
import {
  acquire,
  createdAt,
  duration,
  findModel,
  notFound,
  type RequestedLoad,
  readRequestedLoad,
  type ServerContext,
} from './server-context.ts';

interface Dialect {
  capability: 'generate' | 'chat';
  /** The members of one piece of the answer, in the order in which they are written. */
  piece(text: string): JsonObject;
  tail(prompt: string, answer: string): JsonObject;
  /** Go's empty answer: what is sent if the runner said nothing before its answer broke off. */
  nothing: JsonObject;
}

const UNSET = { model: '', created_at: '0001-01-01T00:00:00Z' };

const GENERATE: Dialect = {
  capability: 'generate',
  piece: (text) => ({ response: text }),
  tail: (prompt, answer) => ({ context: tokenIds(`${prompt} ${answer}`) }),
  nothing: { ...UNSET, response: '', done: false },
};

const CHAT: Dialect = {
  capability: 'chat',
  piece: (text) => ({ message: { role: 'assistant', content: text } }),
  tail: () => ({}),
  nothing: { ...UNSET, message: { role: 'assistant', content: '' }, done: false },
};

export async function generate(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const prompt = textField(body, 'prompt', 'GenerateRequest');
  await answer(context, exchange, { body, owner: 'GenerateRequest', prompt, empty: prompt === '' }, GENERATE);
}

export async function chat(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const { prompt, count } = readMessages(body.messages);
  await answer(context, exchange, { body, owner: 'ChatRequest', prompt, empty: count === 0 }, CHAT);
}

/** The conversation as one text. Throws a 400 if messages are not a list of objects. */
export function readMessages(messages: unknown): { prompt: string; count: number } {
  if (messages === undefined || messages === null) return { prompt: '', count: 0 };
  if (!Array.isArray(messages)) {
    throw new OllamaError(
      400,
      'json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message',
    );
  }
  const contents = messages.map((message: unknown) =>
    textOf((message as { content?: unknown } | null)?.content),
  );
  return { prompt: contents.join('\n'), count: messages.length };
}

/** A text, or the texts of a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts: unknown[] = Array.isArray(content) ? content : [];
  const texts = parts.map((part) => (part as { text?: unknown } | null)?.text);
  return texts.filter((text) => typeof text === 'string').join('');
}

async function answer(
  context: ServerContext,
  exchange: Exchange,
  asked: { body: JsonObject; owner: string; prompt: string; empty: boolean },
  dialect: Dialect,
): Promise<void> {
  const started = context.clock.monotonic();
  const { body, owner, prompt } = asked;
  const name = textField(body, 'model', owner);
  const requested = readRequestedLoad(body, owner);
  const stream = booleanField(body, 'stream', owner) ?? true;
  const truncate = booleanField(body, 'truncate', owner) ?? true;
  const model = findModel(context, name, notFound.single);
  const head = () => ({ model: name, created_at: createdAt(context) });

  if (asked.empty && requested.keepAliveMs === 0) {
    context.scheduler.expire(model.blob);
    sendJson(exchange.response, 200, { ...head(), ...dialect.piece(''), done: true, done_reason: 'unload' });
    return;
  }
  requireCapabilities(model, name, body, dialect.capability);
  const lease = await acquire(context, model, requested, exchange.signal);
  try {
    if (asked.empty) {
      sendJson(exchange.response, 200, { ...head(), ...dialect.piece(''), done: true, done_reason: 'load' });
      return;
    }
    requireInput(lease, { prompt, truncate, images: body.images });
    const generated = await produce(context, lease, { prompt, requested }, exchange.signal, (token) => {
      if (stream) writeLine(exchange.response, { ...head(), ...dialect.piece(token), done: false });
    });
    if (generated.reason === null) {
      // The runner's answer broke off, and that is passed on as a good one.
      if (stream) {
        if (!exchange.response.headersSent) startLines(exchange.response);
        exchange.response.end();
      } else if (generated.tokens === 0) sendJson(exchange.response, 200, dialect.nothing);
      else sendJson(exchange.response, 200, { ...head(), ...dialect.piece(generated.text), done: false });
      return;
    }
    const last = {
      ...head(),
      ...dialect.piece(stream ? '' : generated.text),
      done: true,
      done_reason: generated.reason,
      ...(body.raw === true ? {} : dialect.tail(prompt, generated.text)),
      ...withoutEmpty({
        total_duration: duration(context.clock.monotonic() - started),
        load_duration: duration(lease.waitedMs),
        prompt_eval_count: generated.promptTokens,
        prompt_eval_duration: duration(generated.promptMs),
        eval_count: generated.tokens,
        eval_duration: duration(generated.evalMs),
      }),
    };
    if (!stream) {
      sendJson(exchange.response, 200, last);
      return;
    }
    writeLine(exchange.response, last);
    exchange.response.end();
  } finally {
    lease.release();
  }
}

export function requireCompletion(model: ModelDefinition, name: string, what: 'generate' | 'chat'): void {
  // Nothing is known about a model whose file is gone.
  if (model.capabilities.includes('completion') && model.broken !== 'lost') return;
  throw new OllamaError(400, `${JSON.stringify(name)} does not support ${what}`);
}

function requireCapabilities(
  model: ModelDefinition,
  name: string,
  body: JsonObject,
  what: 'generate' | 'chat',
): void {
  requireCompletion(model, name, what);
  const lacks = (capability: Capability) => !model.capabilities.includes(capability);
  if (body.think === true && lacks('thinking'))
    throw new OllamaError(400, `${JSON.stringify(name)} does not support thinking`);
  const path = pathName(name);
  if (typeof body.suffix === 'string' && body.suffix !== '' && lacks('insert'))
    throw new OllamaError(400, `${path} does not support insert`);
  if (Array.isArray(body.tools) && body.tools.length > 0 && lacks('tools'))
    throw new OllamaError(400, `${path} does not support tools`);
}

/** Refusals of the runner, which are passed on as JSON in the text. */
function requireInput(
  { runner }: Lease,
  { prompt, truncate, images }: { prompt: string; truncate: boolean; images: unknown },
): void {
  const refuse = (error: object) => {
    throw new OllamaError(400, JSON.stringify({ error }));
  };
  if (Array.isArray(images) && images.length > 0 && !runner.model.capabilities.includes('vision')) {
    const message = 'Multimodal data provided, but model does not support multimodal requests.';
    refuse({ code: 400, message, type: 'invalid_request_error' });
  }
  const tokens = countTokens(prompt);
  if (truncate || tokens <= runner.contextLength) return;
  refuse({
    code: 400,
    message: `request (${tokens} tokens) exceeds the available context size (${runner.contextLength} tokens), try increasing it`,
    type: 'exceed_context_size_error',
    n_prompt_tokens: tokens,
    n_ctx: runner.contextLength,
  });
}

export interface Generated {
  text: string;
  /** `null` if the runner's answer broke off. */
  reason: 'stop' | 'length' | null;
  tokens: number;
  promptTokens: number;
  promptMs: number;
  evalMs: number;
}

/** Tokens before a fault cuts a stream off. */
const TOKENS_BEFORE_FAULT = 3;
const NATURAL_LENGTH = 48;

/**
 * Generates token by token. Throws in the middle under the mid-stream fault, or when the client disconnects. Ends early,
 * without a reason, if the runner dies or its answer breaks off.
 */
export async function produce(
  context: ServerContext,
  lease: Lease,
  asked: { prompt: string; requested: RequestedLoad },
  signal: AbortSignal,
  onToken: (token: string) => void,
): Promise<Generated> {
  const leaveSlot = await lease.runner.slots.acquire(signal);
  try {
    const { clock, faults } = context;
    const { runner } = lease;
    const started = clock.monotonic();
    const limit = asked.requested.options.num_predict;
    const most = typeof limit === 'number' && limit >= 0 ? limit : Number.POSITIVE_INFINITY;
    const tokens = untilStop(
      answerTo(asked.prompt, runner.model.digest, NATURAL_LENGTH),
      asked.requested.options.stop,
    );
    const count = Math.min(tokens.length, most);
    // Reading the prompt takes as long as writing one token.
    await context.compute.token(runner, signal);
    const promptMs = clock.monotonic() - started;
    let written = 0;
    let broken = false;
    for (; written < count; written += 1) {
      await context.compute.token(runner, signal);
      if (written === TOKENS_BEFORE_FAULT) {
        context.compute.dieInStream();
        broken = faults.is('cut-answers') || faults.is('runner-dies');
        if (faults.is('runner-dies')) dieOnce(context, runner);
      }
      signal.throwIfAborted();
      if (broken) break;
      if (written >= TOKENS_BEFORE_FAULT && faults.is('mid-stream-error')) {
        throw new OllamaError(500, 'an error was encountered while running the model: unexpected EOF');
      }
      onToken(tokens[written] ?? '');
    }
    return {
      text: tokens.slice(0, written).join(''),
      reason: broken ? null : written < tokens.length ? 'length' : 'stop',
      tokens: written,
      promptTokens: Math.min(countTokens(asked.prompt), runner.contextLength),
      promptMs,
      evalMs: clock.monotonic() - started - promptMs,
    };
  } finally {
    leaveSlot();
  }
}

/** The tokens before the first stop word; the one that has it is cut. */
function untilStop(tokens: string[], stop: unknown): string[] {
  const words = Array.isArray(stop) ? stop.filter((word) => typeof word === 'string' && word !== '') : [];
  for (const [index, token] of tokens.entries()) {
    const at = Math.min(...words.map((word) => token.indexOf(word)).filter((found) => found >= 0));
    if (Number.isFinite(at)) return [...tokens.slice(0, index), ...(at === 0 ? [] : [token.slice(0, at)])];
  }
  return tokens;
}

function tokenIds(text: string): number[] {
  const ids: number[] = [];
  for (const word of text.split(/\s+/)) {
    if (word === '') continue;
    let id = 7;
    for (let index = 0; index < word.length; index += 1) id = (id * 31 + word.charCodeAt(index)) % 128_000;
    ids.push(id);
  }
  return ids;
}
