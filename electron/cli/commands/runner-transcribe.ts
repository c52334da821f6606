/** `runner transcribe`: the text of one recording, with its times. */
import * as z from 'zod';
import { runnerProviderSchema } from '../../../shared/models/runner.ts';
import { clockTime } from '../../../shared/text/place-text.ts';
import { formatDuration } from '../../../shared/units.ts';
import { type CommandContext, onlyPositional, optionText } from '../command.ts';
import { readAsBase64 } from '../read-as-base64.ts';
import { withRunner } from '../runner-call.ts';
import { providerNames } from '../runner-text.ts';

const answerSchema = z.looseObject({
  text: z.string(),
  language: z.string(),
  duration: z.number(),
  segments: z.array(z.looseObject({ start: z.number(), end: z.number(), text: z.string() })),
  model: z.string(),
  provider: runnerProviderSchema,
});
type Transcript = z.infer<typeof answerSchema>;

export async function transcribeFile(context: CommandContext): Promise<Transcript> {
  const path = context.resolve(onlyPositional(context, 'the WAV file of a recording'));
  const data = await readAsBase64(path);
  return withRunner(context, async (runner) => {
    const began = performance.now();
    const body = {
      data,
      model: optionText(context, 'model') ?? null,
      language: optionText(context, 'language') ?? null,
    };
    const found = answerSchema.parse(await runner.call({ method: 'POST', path: '/runner/transcribe', body }));
    if (!context.json) print(context, found, performance.now() - began);
    return found;
  });
}

function print({ terminal }: CommandContext, found: Transcript, ms: number): void {
  const { style } = terminal;
  for (const { start, text } of found.segments)
    terminal.line(`${style.quiet(clockTime(start).padStart(7))}  ${text.trim()}`);
  const device = providerNames[found.provider];
  const length = formatDuration(found.duration * 1000);
  terminal.line(style.quiet(`${length} in ${formatDuration(ms)}, ${found.model} on ${device}`));
}
