/** The progress of a download: one JSON object on each line, `{doneBytes, totalBytes}`, then `{done: true}` or `{error}`. */
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { HttpStream } from '../../core/ports/network.ts';
import { readJsonLines } from '../network/json-lines.ts';
import { notARunner, toRunnerError } from './runner-errors.ts';

const lineSchema = z.union([
  z.object({ done: z.literal(true) }),
  z.object({ error: z.unknown().refine((error) => error !== undefined) }),
  z.object({ doneBytes: z.number(), totalBytes: z.number().nullable() }),
]);
const MOST_LINE_CHARACTERS = 10_000;

/** Resolves when the model is there; rejects with why it is not. */
export async function readPull(
  { status, headers, body }: HttpStream,
  path: string,
  onProgress: (progress: { doneBytes: number; totalBytes: number | null }) => void,
): Promise<void> {
  if (status < 200 || status > 299) {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MOST_LINE_CHARACTERS) break;
    }
    throw toRunnerError({ status, headers, text }, path);
  }
  const tooLong = (text: string) => notARunner(path, { status, text });
  for await (const { value, text } of readJsonLines(body, MOST_LINE_CHARACTERS, tooLong)) {
    const line = lineSchema.safeParse(value);
    if (!line.success) throw notARunner(path, { status, text });
    if ('done' in line.data) return;
    if ('error' in line.data) throw toRunnerError({ status: 502, headers, text }, path);
    onProgress(line.data);
  }
  throw new PilotlightError('ANSWER_INCOMPLETE', { details: { path } });
}
