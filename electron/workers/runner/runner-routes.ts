/** Every protocol that the runner speaks. The first route that fits answers. */
import type { RunnerRoute } from './http/route.ts';
import type { Shelf } from './models/shelf.ts';
import { openaiRoutes } from './text/routes-openai.ts';
import { ownTextRoutes } from './text/routes-own.ts';
import { teiRoutes } from './text/routes-tei.ts';
import type { TextService } from './text/service.ts';

export interface RunnerRoutesOptions {
  shelf: Shelf;
  texts: TextService;
  version: string;
  pause(): Promise<void>;
  /** Of the runner itself, of its models, and of pictures. */
  others: readonly RunnerRoute[];
}

export function runnerRoutes({ shelf, texts, version, pause, others }: RunnerRoutesOptions): RunnerRoute[] {
  return [
    ...openaiRoutes({ texts, shelf }),
    ...ownTextRoutes({ texts }),
    ...teiRoutes({ texts, version, pause }),
    ...others,
  ];
}
