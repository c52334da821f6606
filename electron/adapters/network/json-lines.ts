/** The lines of a body that is one JSON object on each line. */
import { parseAnswer } from '../../../shared/json.ts';

/**
 * What each line holds, with its text; empty lines are left out, and a last line without its end is one. Throws what
 * `tooLong` makes of the beginning of a line that is longer than `most` characters.
 */
export async function* readJsonLines(
  body: AsyncIterable<Uint8Array>,
  most: number,
  tooLong: (start: string) => Error,
): AsyncGenerator<{ value: unknown; text: string }> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      if (text.length > most) throw tooLong(text.slice(0, most));
      if (text.trim() !== '') yield { value: parseAnswer(text), text };
    }
    if (rest.length > most) throw tooLong(rest.slice(0, most));
  }
  if (rest.trim() !== '') yield { value: parseAnswer(rest), text: rest };
}
