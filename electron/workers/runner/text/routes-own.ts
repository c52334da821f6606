/** Vectors with what a person wants to know beside them: the provider, the tokens. */
import * as z from 'zod';
import { parsed } from '../http/parsed.ts';
import type { RunnerRequest, RunnerRoute } from '../http/route.ts';
import { MAX_BODY_BYTES } from './routes-openai.ts';
import type { TextService } from './service.ts';

const embedSchema = z.object({
  model: z.string().nullish(),
  texts: z.array(z.string()),
  purpose: z.enum(['query', 'passage']).nullish(),
});

export function ownTextRoutes({ texts }: { texts: TextService }): RunnerRoute[] {
  return [
    {
      method: 'POST',
      path: '/runner/embed',
      async handle(request: RunnerRequest) {
        const body = parsed(embedSchema, await request.json(MAX_BODY_BYTES));
        const { vectors, ...answer } = await texts.embed({
          model: body.model ?? null,
          input: body.texts,
          purpose: body.purpose ?? null,
          priority: null,
          signal: request.signal,
        });
        return { status: 200, body: { ...answer, vectors: vectors.map((vector) => Array.from(vector)) } };
      },
    },
  ];
}
