/** The HTTP calls of tasks: those of the server that existing scripts were written for, of the panel, and of workers. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { parseJson } from '../../../../shared/json.ts';
import { linger } from '../../../adapters/http/linger.ts';
import { createSignedLinks } from '../../../core/tasks/signed-links.ts';
import type { TaskDoor } from './door.ts';
import { faceRoutes } from './faces.ts';
import { fileRoutes, uploadRoutes } from './files.ts';
import { ingestRoutes } from './ingest.ts';
import { processRoutes } from './process.ts';
import { replyToProgram, requireOneOf } from './refusals.ts';
import { createResultUploads } from './result-uploads.ts';
import { statusRoutes } from './status.ts';
import { createUploads } from './uploads.ts';
import { workerRoutes } from './worker.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its address is signed, so that it needs no key. */
    isSigned?: boolean;
  }
}

export interface TaskRoutesOptions
  extends Pick<TaskDoor, 'service' | 'access' | 'settings' | 'clock' | 'log'> {
  /** Signs the addresses of downloads. */
  linkKey: string | Uint8Array;
}

export interface TaskRoutes {
  /** The same on each port. */
  add(app: FastifyInstance): void;
  /** Answers what waits, and refuses the rest. */
  stop(): void;
}

/** Of JSON: a list of 1,000 tasks with their options. */
const BODY_BYTES = 8 * 1_048_576;

export function createTaskRoutes(options: TaskRoutesOptions): TaskRoutes {
  const { service, settings, clock, log, linkKey } = options;
  const stopping = new AbortController();
  const results = createResultUploads({ service, clock });
  const door: TaskDoor = {
    ...options,
    uploads: createUploads({ service, limitMb: () => settings().uploadLimitMb }),
    links: createSignedLinks({ clock, key: linkKey }),
    stopping: stopping.signal,
  };

  function prepare(routes: FastifyInstance): void {
    routes.addHook('onRequest', async (request) => {
      if (!request.routeOptions.config.isSigned) requireOneOf(request, rightsFor(request));
      if (stopping.signal.aborted) throw new PilotlightError('STOPPING');
    });
    // Whoever still sends while the answer goes out gets it: closing at once would discard it.
    routes.addHook('onSend', async ({ raw }, reply) => {
      if (raw.complete) return;
      reply.raw.shouldKeepAlive = true;
      reply.raw.once('finish', () => linger(raw, clock));
    });
    routes.setErrorHandler((error, _request, reply) => replyToProgram(error, reply, log));
  }

  async function jsonRoutes(routes: FastifyInstance): Promise<void> {
    prepare(routes);
    // A form is read as it comes, by its route.
    routes.addContentTypeParser(/^multipart\//, (_request, _payload, done) => done(null, undefined));
    // Scripts often post without a content type, or with curl's own.
    routes.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_BYTES }, (_request, body, done) => {
      if (body === '') return done(null, undefined);
      const value = parseJson(String(body));
      if (value !== undefined) return done(null, value);
      done(new PilotlightError('BAD_REQUEST', { message: 'The request is not valid JSON.' }));
    });
    processRoutes(routes, door);
    ingestRoutes(routes, door);
    statusRoutes(routes, door);
    fileRoutes(routes, door);
    workerRoutes(routes, door);
  }

  async function bodyRoutes(routes: FastifyInstance): Promise<void> {
    prepare(routes);
    uploadRoutes(routes, door, results);
  }

  async function pictureRoutes(routes: FastifyInstance): Promise<void> {
    prepare(routes);
    faceRoutes(routes, door);
  }

  return {
    add(app) {
      void app.register(pictureRoutes);
      void app.register(jsonRoutes);
      void app.register(bodyRoutes);
    },
    stop() {
      stopping.abort(new PilotlightError('STOPPING'));
      results.stop();
    },
  };
}

/** A key that may view everything may see what became of tasks, too. */
const rightsFor = ({ method, url }: FastifyRequest): ['tasks', ...'view'[]] =>
  method === 'GET' && url.startsWith('/api/v1/status') ? ['tasks', 'view'] : ['tasks'];
