/** Sends one request and collects its whole answer, within the budget for bodies. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { BodyBudget } from './body-budget.ts';
import { Refusal } from './refusal.ts';

export interface Collected {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Gives its memory back. */
  drop(): void;
}

export interface Collecting {
  /** Settles when the node has closed its part. Rejects with BODY_MEMORY_FULL or the error of the connection. */
  result: Promise<Collected>;
  abort(): void;
}

export function collect(
  dispatcher: Dispatcher,
  request: { path: string; headers: string[]; body: Buffer },
  budget: BodyBudget,
): Collecting {
  const { promise, resolve, reject } = Promise.withResolvers<Collected>();
  const chunks: Buffer[] = [];
  let controller: Dispatcher.DispatchController | null = null;
  let aborted: Error | null = null;
  let status = 0;
  let headers: IncomingHttpHeaders = {};
  let kept = 0;

  function abort(reason: Error): void {
    aborted ??= reason;
    controller?.abort(reason);
  }

  function drop(): void {
    budget.give(kept);
    kept = 0;
  }

  function fail(error: unknown): void {
    drop();
    reject(aborted ?? error);
  }

  try {
    dispatcher.dispatch(
      { ...request, method: 'POST' },
      {
        onRequestStart(started) {
          controller = started;
          if (aborted !== null) started.abort(aborted);
        },
        onResponseStart(_controller, code, received) {
          status = code;
          headers = received;
        },
        onResponseData(_controller, chunk) {
          if (!budget.take(chunk.length)) {
            abort(new Refusal('BODY_MEMORY_FULL'));
            return;
          }
          kept += chunk.length;
          chunks.push(chunk);
        },
        onResponseEnd() {
          resolve({ status, headers, body: Buffer.concat(chunks), drop });
        },
        onResponseError(_controller, error) {
          // An aborted connection is closed in this turn of the event loop.
          setImmediate(fail, error);
        },
      },
    );
  } catch (error) {
    fail(error);
  }
  return { result: promise, abort: () => abort(new Error('The gateway ended this request.')) };
}
