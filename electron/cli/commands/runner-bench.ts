/** `runner bench`: how fast texts become vectors on this computer. */
import { formatCount } from '../../../shared/units.ts';
import { type CommandContext, noPositionals } from '../command.ts';
import { withRunner } from '../runner-call.ts';
import { providerName } from '../runner-text.ts';
import { embeddedSchema } from './runner-embed.ts';

const WORDS = 'the lamp stands on a table near the window where light falls over paper and ink at noon'.split(
  ' ',
);
const TEXTS = 96;
const QUERIES = 25;
const BULK_RUNS = 3;

/** From 3 to about 200 words, always the same. */
export function sampleTexts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const words = 3 + ((index * 37) % 61) * (index % 5 === 0 ? 3 : 1);
    return Array.from({ length: words }, (_unused, at) => WORDS[(index * 7 + at * 5) % WORDS.length]).join(
      ' ',
    );
  });
}

export async function benchRunner(context: CommandContext, model: string | null): Promise<unknown> {
  noPositionals(context);
  const { terminal } = context;
  return withRunner(context, async (runner) => {
    const embed = async (texts: readonly string[]) =>
      embeddedSchema.parse(
        await runner.call({ method: 'POST', path: '/runner/embed', body: { model, texts } }),
      );
    const texts = sampleTexts(TEXTS);
    terminal.live('Warming up …');
    const { model: name, provider, tokenIds } = await embed(texts);
    const tokens = tokenIds.reduce((sum, { length }) => sum + length, 0);

    terminal.live('Many texts …');
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < BULK_RUNS; run += 1) best = Math.min(best, await timed(() => embed(texts)));
    terminal.live('Single texts …');
    const queries: number[] = [];
    for (let run = 0; run < QUERIES; run += 1) queries.push(await timed(() => embed([texts[1] ?? ''])));
    queries.sort((a, b) => a - b);

    const result = {
      model: name,
      provider,
      textsPerSecond: Math.round((TEXTS / best) * 1000),
      tokensPerSecond: Math.round((tokens / best) * 1000),
      queryMs: { p50: queries[Math.floor(QUERIES / 2)] ?? 0, max: queries.at(-1) ?? 0 },
    };
    if (!context.json) {
      terminal.line(`${name} on ${providerName(provider)}`);
      terminal.line(
        `  ${formatCount(result.textsPerSecond)} texts/s, ${formatCount(result.tokensPerSecond)} tokens/s`,
      );
      terminal.line(
        `  one text: ${result.queryMs.p50.toFixed(1)} ms (slowest ${result.queryMs.max.toFixed(1)} ms)`,
      );
    }
    return result;
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
