/** `POST /hello`: an agent announces to a panel that its machine is awake. The only message from agent to panel. */
import * as z from 'zod/mini';

export const HELLO_PATH = '/hello';

const word = z.string().check(z.minLength(1), z.maxLength(200));

export const helloSchema = z.object({
  /** The agent's id. */
  agent: word,
  bootId: word,
  nonce: word.check(z.minLength(8)),
  /** Hexadecimal HMAC-SHA256 of `helloProofText`, with the agent's token as its key. */
  proof: word,
});
export type HelloMessage = z.output<typeof helloSchema>;

/** The text that the proof signs. */
export function helloProofText({ agent, bootId, nonce }: Omit<HelloMessage, 'proof'>): string {
  return `${agent}:${bootId}:${nonce}`;
}
