/** `runner faces`: the faces of one picture. */
import * as z from 'zod';
import { fromWireError, wireErrorSchema } from '../../../shared/contract/errors.ts';
import type { MethodResult } from '../../../shared/contract/methods.ts';
import { formatPercent, plural } from '../../../shared/units.ts';
import { type CommandContext, onlyPositional } from '../command.ts';
import { readAsBase64 } from '../read-as-base64.ts';
import { withRunner } from '../runner-call.ts';
import { facesOnFleet, usesFleet } from './runner-through-core.ts';

const faceSchema = z.looseObject({
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  landmarks: z.array(z.tuple([z.number(), z.number()])).nullable(),
  embedding: z.array(z.number()).nullable(),
  quality: z.number(),
  score: z.number(),
});
const answerSchema = z.object({
  results: z.tuple([z.array(faceSchema)]),
  errors: z.array(wireErrorSchema),
  processing_time_ms: z.number(),
  gpu_used: z.boolean(),
});
export type FoundFace = z.infer<typeof faceSchema>;

/** Nothing is left out for its quality: who looks at one picture wants to see it. */
export async function findFaces(
  context: CommandContext,
): Promise<FoundFace[] | MethodResult<'runner.faces'>> {
  const path = context.resolve(onlyPositional(context, 'the file of a picture'));
  const data = await readAsBase64(path);
  if (usesFleet(context)) return facesOnFleet(context, data);
  return withRunner(context, async (runner) => {
    const body = {
      images: [{ data, image_id: path }],
      min_face_quality: 0,
      require_face: false,
      crop_faces: false,
    };
    const answer = answerSchema.parse(
      await runner.call({ method: 'POST', path: '/detect_and_embed_batch', body }),
    );
    const [error] = answer.errors;
    if (error !== undefined) throw fromWireError(error);
    const [faces] = answer.results;
    if (!context.json) printFaces(context, faces, answer);
    return faces;
  });
}

function printFaces(
  { terminal }: CommandContext,
  faces: readonly FoundFace[],
  { processing_time_ms, gpu_used }: z.infer<typeof answerSchema>,
): void {
  const { style } = terminal;
  for (const { bbox, quality, score, embedding } of faces) {
    const [x1, y1, x2, y2] = bbox.map(Math.round) as [number, number, number, number];
    const vector = embedding === null ? 'no vector' : `${embedding.length} numbers`;
    terminal.line(
      `${style.strong(`${x2 - x1} × ${y2 - y1}`)} at ${x1}, ${y1}  score ${formatPercent(score)}, quality ${formatPercent(quality)}, ${vector}`,
    );
  }
  const device = gpu_used ? 'the GPU' : 'the CPU';
  terminal.line(
    style.quiet(`${plural(faces.length, 'face')} in ${Math.round(processing_time_ms)} ms on ${device}`),
  );
}
