/** The runner's own paths: its state, its models, and who it is. */
import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import { identityPath, proofOf } from '../../../adapters/processes/runner/identity.ts';
import type { RunnerRequest, RunnerRoute } from '../http/route.ts';
import type { Shelf } from '../models/shelf.ts';
import { parsed } from '../text/routes-openai.ts';

export interface DoorRoutesOptions {
  shelf: Shelf;
  token: string;
  workerId: string;
  /** Where it listens; the proof of who it is holds for this port only. */
  port(): number;
  status(): RunnerStatus;
  /** Tries the providers again, and resolves when they have been. */
  check(): Promise<void>;
}

const addSchema = z.object({
  path: z.string().min(1),
  name: z.string().nullish(),
  precision: z.enum(['auto', 'float32', 'float16', 'int8']).nullish(),
  licence: z.string().nullish(),
});
const MAX_BODY_BYTES = 64 * 1024;

export function doorRoutes(options: DoorRoutesOptions): RunnerRoute[] {
  const { shelf, token, workerId, port, status, check } = options;

  async function add(request: RunnerRequest) {
    const body = parsed(addSchema, await request.json(MAX_BODY_BYTES));
    if (!isAbsolute(body.path))
      throw new PilotlightError('BAD_REQUEST', { message: fact('RUNNER_BAD_FIELD', { field: 'path' }) });
    const { path, name = null, precision, licence = null } = body;
    const model = await shelf.add(path, {
      name,
      licence,
      precision: precision ?? 'auto',
      signal: request.signal,
    });
    return { status: 201, body: model };
  }

  /** In the shape of existing clients of a worker for faces. */
  function health() {
    const now = status();
    const gpu = now.provider !== 'cpu';
    const { queries, bulk, pictures } = now.queue;
    return {
      status: now.ready ? 200 : 503,
      body: {
        status: now.ready ? 'healthy' : 'starting',
        gpu_available: gpu,
        directml_available: now.provider === 'dml',
        model_loaded: now.models.some(({ state }) => state === 'ready'),
        uptime_seconds: now.uptimeSeconds,
        worker_id: workerId,
        queue_size: queries + bulk + pictures,
        metrics: { ...now.totals, restarts: now.restarts },
      },
    };
  }

  function identity({ query }: RunnerRequest) {
    const nonce = query.get('nonce') ?? '';
    return { status: 200, body: { proof: proofOf(token, nonce, port()) } };
  }

  const named = ({ params }: RunnerRequest) => params.name ?? '';
  const ok = <Body>(body: Body) => ({ status: 200, body });
  const managed = (
    method: RunnerRoute['method'],
    path: string,
    handle: RunnerRoute['handle'],
  ): RunnerRoute => ({ method, path, handle, access: 'token' });

  return [
    { method: 'GET', path: identityPath, access: 'open', handle: identity },
    { method: 'GET', path: '/health', access: 'open', handle: health },
    { method: 'GET', path: '/runner/status', handle: () => ok(status()) },
    managed('POST', '/runner/models', add),
    managed('DELETE', '/runner/models/{name}', async (request) => {
      await shelf.remove(named(request));
      return ok({ removed: named(request) });
    }),
    managed('POST', '/runner/models/{name}/load', async (request) => ok(await shelf.load(named(request)))),
    managed('POST', '/runner/models/{name}/drop', async (request) => ok(await shelf.drop(named(request)))),
    managed('POST', '/runner/check', async () => {
      await check();
      return ok(status());
    }),
  ];
}
