/** What clients of text-embeddings-inference (TEI) send, and the errors that they expect. Pure. */
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerAnswer, RunnerRefusal } from '../http/route.ts';
import { inputSchema } from './routes-openai.ts';

/** Of one request. TEI's own default is 32. */
export const MOST_TEXTS = 10_000;

const options = {
  /** Whether longer texts are cut off; refused otherwise. */
  truncate: z.boolean().nullish(),
  truncation_direction: z
    .string()
    .transform((direction) => direction.toLowerCase())
    .pipe(z.enum(['left', 'right']))
    .nullish(),
  prompt_name: z.string().nullish(),
};
const common = { inputs: inputSchema, model: z.string().nullish(), ...options };

export const embedSchema = z.object({
  ...common,
  normalize: z.boolean().nullish(),
  dimensions: z.number().int().positive().nullish(),
});
export const embedAllSchema = z.object(common);

export const similaritySchema = z.object({
  inputs: z.object({ source_sentence: z.string(), sentences: z.array(z.string()).min(1) }),
  model: z.string().nullish(),
  parameters: z.object(options).nullish(),
});

export const tokenizeSchema = z.object({
  inputs: z.union([z.string(), z.array(z.string())]),
  model: z.string().nullish(),
  add_special_tokens: z.boolean().nullish(),
  prompt_name: z.string().nullish(),
});

const ids = z.array(z.number().int().nonnegative());
export const decodeSchema = z.object({
  ids: z.union([ids, z.array(ids)]),
  model: z.string().nullish(),
  skip_special_tokens: z.boolean().nullish(),
});

/** How longer texts are cut off, as the text service wants it. */
export const cuttingOf = ({
  truncate,
  truncation_direction,
}: Pick<z.infer<typeof embedAllSchema>, 'truncate' | 'truncation_direction'>) => ({
  refuseLong: truncate === false,
  keep: truncation_direction === 'left' ? ('end' as const) : ('start' as const),
});

/** @throws RUNNER_BODY_TOO_LARGE */
export function checkCount(count: number): void {
  if (count <= MOST_TEXTS) return;
  throw new PilotlightError('RUNNER_BODY_TOO_LARGE', {
    message: fact('RUNNER_TOO_MANY_TEXTS', { count, most: MOST_TEXTS }),
  });
}

type ErrorType = 'Unhealthy' | 'Backend' | 'Overloaded' | 'Validation' | 'Tokenizer' | 'Empty';

/** TEI's status of each type. */
const statuses: Readonly<Record<ErrorType, number>> = {
  Empty: 400,
  Validation: 413,
  Tokenizer: 422,
  Backend: 424,
  Overloaded: 429,
  Unhealthy: 503,
};

const bySaid: Readonly<Record<string, ErrorType>> = {
  RUNNER_NO_TEXTS: 'Empty',
  RUNNER_BAD_TOKENS: 'Tokenizer',
  RUNNER_UNKNOWN_PROMPT: 'Validation',
  RUNNER_DIMENSIONS_REFUSED: 'Validation',
};
const byCode: Readonly<Record<string, ErrorType>> = {
  RUNNER_BODY_TOO_LARGE: 'Validation',
  RUNNER_QUEUE_FULL: 'Overloaded',
  RUNNER_STARTING: 'Unhealthy',
  RUNNER_STOPPED: 'Unhealthy',
  RUNNER_NOT_INSTALLED: 'Unhealthy',
};

/** An error as TEI would answer it. Its web framework checks the body before TEI does, with statuses of its own. */
export function refusal({ text, status, code, said }: RunnerRefusal): RunnerAnswer {
  const type = bySaid[said ?? ''] ?? byCode[code];
  if (type !== undefined) return { status: statuses[type], body: { error: text, error_type: type } };
  const isRequest = status < 500 && !code.startsWith('RUNNER_');
  if (isRequest || code === 'RUNNER_BAD_JSON' || code === 'RUNNER_NO_MODEL') {
    const own = code === 'BAD_REQUEST' ? 422 : status;
    return { status: own, body: { error: text, error_type: 'Validation' } };
  }
  return { status: statuses.Backend, body: { error: text, error_type: 'Backend' } };
}
