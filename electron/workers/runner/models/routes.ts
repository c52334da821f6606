/** The models over HTTP: added, removed, loaded, dropped, downloaded. */
import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { PilotlightError, toWireError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { parsed } from '../http/parsed.ts';
import type { RunnerRequest, RunnerRoute } from '../http/route.ts';
import type { Pulls } from './pull.ts';
import type { Shelf } from './shelf.ts';

const addSchema = z.object({
  path: z.string().min(1),
  name: z.string().nullish(),
  precision: z.enum(['auto', 'float32', 'float16', 'int8']).nullish(),
  licence: z.string().nullish(),
  replace: z.boolean().nullish(),
});
const pullSchema = z.object({ name: z.string() });
const MAX_BODY_BYTES = 64 * 1024;
const PROGRESS_MS = 250;

export function modelRoutes({
  shelf,
  pulls,
  monotonic,
}: {
  shelf: Shelf;
  pulls: Pulls;
  monotonic(): number;
}): RunnerRoute[] {
  async function add(request: RunnerRequest) {
    const body = parsed(addSchema, await request.json(MAX_BODY_BYTES));
    if (!isAbsolute(body.path))
      throw new PilotlightError('BAD_REQUEST', {
        message: fact('RUNNER_RELATIVE_PATH', { path: body.path }),
      });
    const { path, name = null, precision, licence = null, replace } = body;
    const model = await shelf.add(path, {
      name,
      licence,
      precision: precision ?? 'auto',
      replace: replace === true,
      signal: request.signal,
    });
    return { status: 201, body: model };
  }

  /** One JSON object on each line. */
  async function* progressOf(name: string, signal: AbortSignal): AsyncGenerator<string> {
    let wake = () => {};
    let ended = false;
    let latest: { doneBytes: number; totalBytes: number } | null = null;
    let toldAt = Number.NEGATIVE_INFINITY;
    const pulling = pulls
      .pull(name, {
        signal,
        onProgress(doneBytes, totalBytes) {
          latest = { doneBytes, totalBytes };
          if (monotonic() - toldAt >= PROGRESS_MS) wake();
        },
      })
      .then(
        () => ({ done: true }),
        (error: unknown) => ({ error: toWireError(error) }),
      )
      .finally(() => {
        ended = true;
        wake();
      });
    while (!ended) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (latest !== null) yield `${JSON.stringify(latest)}\n`;
      latest = null;
      toldAt = monotonic();
    }
    yield `${JSON.stringify(await pulling)}\n`;
  }

  async function pull(request: RunnerRequest) {
    const { name } = parsed(pullSchema, await request.json(MAX_BODY_BYTES));
    const names = pulls.catalogue().map((one) => one.name);
    if (!names.includes(name))
      throw new PilotlightError('NOT_FOUND', {
        message: fact('RUNNER_NOT_IN_CATALOGUE', { name: name.slice(0, 100) }),
        next: fact('RUNNER_CATALOGUE_HAS', { names }),
        details: { models: names },
      });
    return {
      status: 200,
      headers: { 'content-type': 'application/x-ndjson' },
      body: progressOf(name, request.signal),
    };
  }

  const named = ({ params }: RunnerRequest) => params.name ?? '';
  const ok = <Body>(body: Body) => ({ status: 200, body });
  const managed = (
    method: RunnerRoute['method'],
    path: string,
    handle: RunnerRoute['handle'],
  ): RunnerRoute => ({ method, path, handle, access: 'token' });

  return [
    { method: 'GET', path: '/runner/catalogue', handle: () => ok({ models: pulls.catalogue() }) },
    managed('POST', '/runner/pull', pull),
    managed('POST', '/runner/models', add),
    managed('DELETE', '/runner/models/{name}', async (request) => {
      await shelf.remove(named(request));
      return ok({ removed: named(request) });
    }),
    managed('POST', '/runner/models/{name}/load', async (request) => ok(await shelf.load(named(request)))),
    managed('POST', '/runner/models/{name}/drop', async (request) => ok(await shelf.drop(named(request)))),
  ];
}
