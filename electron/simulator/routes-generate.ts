/** `/api/generate` and `/api/chat`: load, unload, and answers, whole or streamed. */
import { answerTo } from './answers.ts';
import { countTokens } from './embedding.ts';
import {
  booleanField,
  type Exchange,
  type JsonObject,
  readJson,
  sendJson,
  textField,
  withoutEmpty,
  writeLine,
} from './http-exchange.ts';
import type { Lease } from './lifecycle.ts';
import { type ModelDefinition, OllamaError } from './model.ts';
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
}

const GENERATE: Dialect = {
  capability: 'generate',
  piece: (text) => ({ response: text }),
  tail: (prompt, answer) => ({ context: tokenIds(`${prompt} ${answer}`) }),
};

const CHAT: Dialect = {
  capability: 'chat',
  piece: (text) => ({ message: { role: 'assistant', content: text } }),
  tail: () => ({}),
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
  const contents = messages.map((message: unknown) => {
    const content = (message as { content?: unknown } | null)?.content;
    return typeof content === 'string' ? content : '';
  });
  return { prompt: contents.join('\n'), count: messages.length };
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
  const model = findModel(context, name, notFound.single);
  const head = () => ({ model: name, created_at: createdAt(context) });

  if (asked.empty && requested.keepAliveMs === 0) {
    context.scheduler.expire(model.blob);
    sendJson(exchange.response, 200, { ...head(), ...dialect.piece(''), done: true, done_reason: 'unload' });
    return;
  }
  requireCompletion(model, name, dialect.capability);
  const lease = await acquire(context, model, requested, exchange.signal);
  try {
    if (asked.empty) {
      sendJson(exchange.response, 200, { ...head(), ...dialect.piece(''), done: true, done_reason: 'load' });
      return;
    }
    const generated = await produce(context, lease, { prompt, requested }, exchange.signal, (token) => {
      if (stream) writeLine(exchange.response, { ...head(), ...dialect.piece(token), done: false });
    });
    const last = {
      ...head(),
      ...dialect.piece(stream ? '' : generated.text),
      done: true,
      done_reason: generated.reason,
      ...dialect.tail(prompt, generated.text),
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
  if (model.capabilities.includes('completion')) return;
  throw new OllamaError(400, `${JSON.stringify(name)} does not support ${what}`);
}

export interface Generated {
  text: string;
  reason: 'stop' | 'length';
  tokens: number;
  promptTokens: number;
  promptMs: number;
  evalMs: number;
}

/** Tokens before a fault cuts a stream off. */
const TOKENS_BEFORE_FAULT = 3;
const NATURAL_LENGTH = 48;

/** Generates token by token. Throws in the middle under the mid-stream fault, or when the client disconnects. */
export async function produce(
  context: ServerContext,
  lease: Lease,
  asked: { prompt: string; requested: RequestedLoad },
  signal: AbortSignal,
  onToken: (token: string) => void,
): Promise<Generated> {
  const leaveSlot = await lease.runner.slots.acquire(signal);
  try {
    const { clock } = context;
    const started = clock.monotonic();
    const limit = asked.requested.options.num_predict;
    const most = typeof limit === 'number' && limit >= 0 ? limit : Number.POSITIVE_INFINITY;
    const tokens = answerTo(asked.prompt, lease.runner.model.digest, NATURAL_LENGTH);
    const count = Math.min(tokens.length, most);
    // Reading the prompt takes as long as writing one token.
    await context.compute.token(lease.runner, signal);
    const promptMs = clock.monotonic() - started;
    for (let index = 0; index < count; index += 1) {
      await context.compute.token(lease.runner, signal);
      if (index === TOKENS_BEFORE_FAULT) context.compute.dieInStream();
      signal.throwIfAborted();
      if (index >= TOKENS_BEFORE_FAULT && context.faults.is('mid-stream-error')) {
        throw new OllamaError(500, 'an error was encountered while running the model: unexpected EOF');
      }
      onToken(tokens[index] ?? '');
    }
    return {
      text: tokens.slice(0, count).join(''),
      reason: count < tokens.length ? 'length' : 'stop',
      tokens: count,
      promptTokens: countTokens(asked.prompt),
      promptMs,
      evalMs: clock.monotonic() - started - promptMs,
    };
  } finally {
    leaveSlot();
  }
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
