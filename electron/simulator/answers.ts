/** The answers of a simulated language model: repeatable, built from the prompt's own words, and meaningless. */
import { hash, randomNumbers } from './embedding.ts';

const FILLERS = ['the', 'and', 'of', 'with', 'in', 'for', 'a', 'as', 'to', 'by'];

/** Tokens that together form the answer. */
export function answerTo(prompt: string, digest: string, length: number): string[] {
  const words = [...new Set(prompt.match(/\p{L}{3,}/gu) ?? ['nothing'])].slice(0, 64);
  const next = randomNumbers(hash(prompt, hash(digest)));
  const count = Math.floor(length / 2) + (next() % Math.ceil(length / 2));
  const tokens: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = index % 2 === 0 ? words : FILLERS;
    const word = from[next() % from.length] ?? '';
    tokens.push(index === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : ` ${word}`);
  }
  tokens.push('.');
  return tokens;
}
