/** `runner embed`: vectors of texts from standard input. */
import * as z from 'zod';
import type { MethodResult } from '../../../shared/contract/methods.ts';
import { parseJson } from '../../../shared/json.ts';
import { type CommandContext, noPositionals, optionText, usageError } from '../command.ts';
import { withRunner } from '../runner-call.ts';
import { providerName } from '../runner-text.ts';
import { embedOnFleet, usesFleet } from './runner-through-core.ts';

const textsSchema = z.array(z.string());

export const embeddedSchema = z.object({
  model: z.string(),
  hash: z.string(),
  provider: z.string(),
  vectors: z.array(z.array(z.number())),
  tokenIds: z.array(z.array(z.number())),
});
export type Embedded = z.infer<typeof embeddedSchema>;

/** Vectors are many numbers in JSON. */
const MAX_BYTES = 1024 ** 3;

export async function embedTexts(
  context: CommandContext,
  model: string | null,
): Promise<Embedded | MethodResult<'runner.embed'>> {
  noPositionals(context);
  const purpose = optionText(context, 'as');
  if (purpose !== undefined && purpose !== 'query' && purpose !== 'passage')
    throw usageError('--as must be query or passage.');
  const texts = textsSchema.safeParse(parseJson(await context.readInput()));
  if (!texts.success)
    throw usageError(
      'Standard input must hold a JSON array of texts.',
      `For example: echo '["a text"]' | … runner embed`,
    );
  if (usesFleet(context)) return embedOnFleet(context, { model, texts: texts.data, as: purpose });
  return withRunner(context, async (runner) => {
    const body = { model, texts: texts.data, purpose: purpose ?? null };
    const answer = await runner.call({ method: 'POST', path: '/runner/embed', body, maxBytes: MAX_BYTES });
    const { provider, hash, ...embedded } = embeddedSchema.parse(answer);
    if (!context.json) printEmbedded(context, { ...embedded, provider, hash });
    return { ...embedded, provider, hash };
  });
}

function printEmbedded({ terminal }: CommandContext, { model, provider, vectors, tokenIds }: Embedded): void {
  terminal.line(`${model} on ${providerName(provider)}: ${vectors.length} × ${vectors[0]?.length ?? 0}`);
  for (const [index, vector] of vectors.entries()) {
    const first = vector.slice(0, 6).map((number) => number.toFixed(4));
    terminal.line(`  ${tokenIds[index]?.length ?? 0} tokens  ${first.join(' ')} …`);
  }
}
