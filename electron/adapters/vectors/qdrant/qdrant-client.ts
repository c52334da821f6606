/**
 * The calls of Qdrant's HTTP interface that an index needs, of versions from 1.10. Only ids and vectors are sent, never
 * texts or names of files.
 */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../../shared/json.ts';
import { errorMessage, plainText } from '../../../../shared/models/message.ts';
import type { Http, HttpRequest } from '../../../core/ports/network.ts';

export interface QdrantServer {
  url: string;
  /** null for a server that needs none. */
  key: string | null;
}

export interface QdrantPoint {
  id: number;
  vector: Float32Array;
}

export interface QdrantClient {
  /** Rejects if it cannot be used: unreachable, or the key is wrong. */
  check(signal?: AbortSignal): Promise<void>;
  /** Replaces an existing one. */
  createCollection(name: string, dimensions: number, signal?: AbortSignal): Promise<void>;
  /** Resolves also if there is none. */
  deleteCollection(name: string, signal?: AbortSignal): Promise<void>;
  count(name: string, signal?: AbortSignal): Promise<number>;
  /** Resolves when they can be found. Existing ids are replaced. */
  upsert(name: string, points: readonly QdrantPoint[], signal?: AbortSignal): Promise<void>;
  deletePoints(name: string, ids: readonly number[], signal?: AbortSignal): Promise<void>;
  /** The ids of the nearest, best first. */
  nearest(name: string, query: Float32Array, limit: number, signal?: AbortSignal): Promise<number[]>;
}

/** A person waits for a search. */
const QUERY_MS = 3000;
const CHANGE_MS = 30_000;

/** All calls reject with QDRANT_UNREACHABLE, QDRANT_REFUSED, QDRANT_COLLECTION_LOST, or the signal's reason. */
export function createQdrantClient({ http, server }: { http: Http; server: QdrantServer }): QdrantClient {
  const base = server.url.replace(/\/+$/, '');

  async function call(
    method: HttpRequest['method'],
    path: string,
    {
      body,
      deadlineMs = CHANGE_MS,
      signal,
    }: { body?: object; deadlineMs?: number; signal?: AbortSignal | undefined },
  ): Promise<unknown> {
    let reply: Awaited<ReturnType<Http['request']>>;
    try {
      reply = await http.request({
        method,
        url: `${base}${path}`,
        headers: server.key === null ? {} : { 'api-key': server.key },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
        deadlineMs,
      });
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof PilotlightError ? errorMessage(error) : plainText(String(error));
      throw new PilotlightError('QDRANT_UNREACHABLE', { details: { url: base, reason }, cause: error });
    }
    const answer = parseAnswer(reply.text) as { result?: unknown; status?: unknown } | undefined;
    if (reply.status === 404 && path.startsWith('/collections/')) {
      throw new PilotlightError('QDRANT_COLLECTION_LOST');
    }
    if (reply.status < 200 || reply.status > 299) {
      throw new PilotlightError('QDRANT_REFUSED', {
        details: { status: reply.status, said: saidOf(answer, reply.text) },
      });
    }
    // Something else listens there.
    if (answer?.result === undefined) {
      throw new PilotlightError('QDRANT_REFUSED', { details: { status: reply.status, said: '' } });
    }
    return answer.result;
  }

  const pathOf = (name: string) => `/collections/${encodeURIComponent(name)}`;

  async function deleteCollection(name: string, signal?: AbortSignal): Promise<void> {
    try {
      await call('DELETE', pathOf(name), { signal });
    } catch (error) {
      if (!(error instanceof PilotlightError) || error.code !== 'QDRANT_COLLECTION_LOST') throw error;
    }
  }

  return {
    async check(signal) {
      await call('GET', '/collections', { deadlineMs: QUERY_MS, signal });
    },
    async createCollection(name, dimensions, signal) {
      await deleteCollection(name, signal);
      await call('PUT', pathOf(name), {
        body: {
          // Stored vectors have length 1, or 0: their product is their similarity.
          vectors: { size: dimensions, distance: 'Dot', on_disk: true },
          quantization_config: { scalar: { type: 'int8', always_ram: true } },
        },
        signal,
      });
    },
    deleteCollection,
    async count(name, signal) {
      const result = await call('POST', `${pathOf(name)}/points/count`, { body: { exact: true }, signal });
      return Number((result as { count?: unknown } | null)?.count ?? 0);
    },
    async upsert(name, points, signal) {
      const body = { points: points.map(({ id, vector }) => ({ id, vector: [...vector], payload: {} })) };
      await call('PUT', `${pathOf(name)}/points?wait=true`, { body, signal });
    },
    async deletePoints(name, ids, signal) {
      await call('POST', `${pathOf(name)}/points/delete?wait=true`, { body: { points: [...ids] }, signal });
    },
    async nearest(name, query, limit, signal) {
      const body = { query: [...query], limit, with_payload: false, with_vector: false };
      const found = await call('POST', `${pathOf(name)}/points/query`, {
        body,
        deadlineMs: QUERY_MS,
        signal,
      });
      const points = (found as { points?: unknown } | null)?.points;
      if (!Array.isArray(points)) throw new PilotlightError('QDRANT_REFUSED', { details: { said: '' } });
      return points.map((point: { id?: unknown } | null) => Number(point?.id)).filter(Number.isSafeInteger);
    },
  };
}

/** What the server says about an error: `status.error`, or plain text before it reads the request. */
function saidOf(answer: { status?: unknown } | undefined, text: string): string {
  const said = (answer?.status as { error?: unknown } | null | undefined)?.error;
  return (typeof said === 'string' ? said : text).slice(0, 300);
}
