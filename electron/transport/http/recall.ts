import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { errorCatalogue, PilotlightError } from '../../../shared/contract/errors.ts';
import type { MethodInput, MethodName, MethodResult } from '../../../shared/contract/methods.ts';
import { parseJson } from '../../../shared/json.ts';
import type { Right } from '../../../shared/rights.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import { type Dispatcher, parseRequest } from '../dispatcher.ts';
import { describe } from '../session.ts';
import type { ForeignShape } from './app.ts';
import { isFinished, recallJob, recallJobEntry, recallProgress, recallStatus } from './recall-shapes.ts';

export interface RecallOptions {
  dispatcher: Dispatcher;
  clock: Clock;
  log: Log;
}

const startSchema = z.object({
  vault: z.string().min(1).max(200).nullish(),
  full: z.boolean().nullish(),
  rebuild: z.boolean().nullish(),
  callback_url: z.string().max(2000).nullish(),
  use_gpu: z.boolean().nullish(),
});
const jobsQuerySchema = z.object({ limit: z.coerce.number().int().min(1).max(100).default(10) });

/** What the calls below need; whoever may follow and start jobs here may make them. */
const scopes: ReadonlySet<Right> = new Set<Right>(['view', 'tasks']);

/**
 * `/index/*` compatible with a Recall server, so that scripts for one also drive Pilotlight. Errors are
 * `{error, code, next}`; without a valid token 401 `{error: "Unauthorized"}`.
 */
export function recallRoutes(options: RecallOptions): (app: FastifyInstance) => void {
  const { dispatcher, clock, log } = options;

  function call<Name extends MethodName>(
    method: Name,
    params: MethodInput<Name>,
  ): Promise<MethodResult<Name>> {
    // A job continues after the script that started it has disconnected, so its signal never aborts.
    const { signal } = new AbortController();
    return dispatcher.call({ method, params, scopes, signal }) as Promise<MethodResult<Name>>;
  }

  /** `all`, or the name or id of a source. Rejects with NOT_FOUND. */
  async function sourceIdsOf(vault: string): Promise<string[] | null> {
    if (vault === 'all') return null;
    const sources = await call('index.sources', {});
    const byId = sources.filter((source) => source.id === vault);
    const found = byId.length > 0 ? byId : sources.filter((source) => source.name === vault);
    if (found.length > 0) return found.map((source) => source.id);
    throw new PilotlightError('NOT_FOUND', {
      message: `No folder is named "${vault}".`,
      next:
        sources.length > 0
          ? `Use "all" or one of: ${sources.map(({ name }) => name).join(', ')}.`
          : 'Add a folder first.',
      details: { vault },
    });
  }

  return (app) => {
    void app.register(
      async (routes) => {
        // Scripts often post without a content type, or with curl's own.
        routes.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
          if (body === '') return done(null, undefined);
          const value = parseJson(String(body));
          if (value !== undefined) return done(null, value);
          done(new PilotlightError('BAD_REQUEST', { message: 'The request is not valid JSON.' }));
        });
        routes.addHook('onRequest', async (request, reply) => {
          if (!mayReadJobs(request)) return refuseScript(request, reply);
          const starts = request.method === 'POST';
          if (starts && !request.principal?.rights.has('tasks')) return forbidScript(reply, 'tasks');
        });
        routes.setErrorHandler((error, _request, reply) => replyInTheirShape(error, reply, log));

        routes.post('/start', async (request) => {
          const body = parseRequest(startSchema, request.body ?? {});
          const job = await call('index.start', {
            sourceIds: await sourceIdsOf(body.vault ?? 'all'),
            full: body.full ?? false,
            rebuild: body.rebuild ?? false,
            callbackUrl: body.callback_url ?? null,
            useGpu: body.use_gpu ?? true,
          });
          return { job_id: job.id, status: 'started' };
        });
        routes.get('/progress', async () =>
          recallProgress(await call('index.jobs', { limit: 20 }), clock.now()),
        );
        routes.get<{ Params: { id: string } }>('/status/:id', async (request) =>
          recallJob(await call('index.job', { jobId: request.params.id })),
        );
        routes.post<{ Params: { id: string } }>('/cancel/:id', async (request) => {
          const jobId = request.params.id;
          const job = await call('index.job', { jobId });
          if (isFinished(job)) return { status: 'already_finished', job_status: recallStatus(job.status) };
          await call('index.cancel', { jobId });
          return { status: 'cancel_requested', job_id: jobId };
        });
        routes.get('/jobs', async (request) => {
          const { limit } = parseRequest(jobsQuerySchema, request.query);
          const [jobs, sources] = await Promise.all([
            call('index.jobs', { limit }),
            call('index.sources', {}),
          ]);
          return { jobs: jobs.map((job) => recallJobEntry(job, sources)) };
        });
      },
      { prefix: '/index' },
    );
  };
}

/** A key for tasks may follow them, and a key that may view everything may see jobs too. */
export const mayReadJobs = ({ principal }: FastifyRequest): boolean =>
  principal !== null && (principal.rights.has('tasks') || principal.rights.has('view'));

/** As Recall servers answer; a key that was accepted once, or may not do this, gets the reason as well. */
export function refuseScript(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.principal !== null) return forbidScript(reply, 'tasks');
  const { code, next } = request.whyRefused();
  return reply
    .code(401)
    .header('www-authenticate', 'Bearer')
    .send({ error: 'Unauthorized', ...(code === 'UNAUTHORIZED' ? {} : { code, next }) });
}

function forbidScript(reply: FastifyReply, scope: Right): FastifyReply {
  const { code, message, next } = new PilotlightError('FORBIDDEN');
  return reply.code(403).send({ error: message, code, next, details: { scope } });
}

function replyInTheirShape(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const own = error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500;
  const failure = own ? new PilotlightError('BAD_REQUEST', { message: 'The request is malformed.' }) : error;
  const { code, message, next, details } = describe(failure, log);
  const status = own ? Number(error.statusCode) : errorCatalogue[code].status;
  return reply
    .code(status)
    .send({ error: message, code, next, ...(details === undefined ? {} : { details }) });
}

export const recallShape: ForeignShape = {
  has: (path) => path.startsWith('/index/'),
  reply: replyInTheirShape,
};
