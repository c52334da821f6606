/** Reads the vectors of an answer to `/v1/embeddings`: base64 of little-endian 32-bit floats, or lists of numbers. */
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { toVector } from '../inference/embeddings.ts';

export const embeddingsSchema = z.object({
  model: z.string(),
  /** SHA-256 of the model's files. */
  hash: z.string().nullable().default(null).catch(null),
  data: z.array(
    z.object({ index: z.number().int(), embedding: z.union([z.string(), z.array(z.unknown())]) }),
  ),
});

/** One for each text, in the order of the texts. Throws SERVER_ERROR unless each is there, finite and equally long. */
export function readVectors(data: z.output<typeof embeddingsSchema>['data'], wanted: number): Float32Array[] {
  if (data.length !== wanted) throw wrong(`${data.length} vectors for ${wanted} texts`);
  const vectors: Float32Array[] = [];
  for (const { index, embedding } of data) {
    if (index < 0 || index >= wanted || vectors[index] !== undefined) throw wrong('vectors in no order');
    vectors[index] = typeof embedding === 'string' ? fromBase64(embedding) : toVector(embedding);
  }
  const [first] = vectors;
  if (vectors.some((vector) => vector.length !== first?.length)) throw wrong('vectors of different lengths');
  return vectors;
}

function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw wrong('half of a vector');
  const vector = new Float32Array(bytes.length / 4);
  for (let at = 0; at < vector.length; at += 1) vector[at] = bytes.readFloatLE(at * 4);
  if (!vector.every(Number.isFinite)) throw wrong('a vector with a number that is not finite');
  return vector;
}

const wrong = (server: string) =>
  new PilotlightError('SERVER_ERROR', {
    message: fact('WRONG_VECTORS'),
    details: { phase: 'answer', server },
  });
