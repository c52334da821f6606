/** What a part of the runner offers over HTTP. Every protocol that it speaks is a list of routes. */
import type { IncomingMessage } from 'node:http';

export interface RunnerRequest {
  readonly method: string;
  readonly path: string;
  /** The decoded value of each `{name}` in the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Aborted when the client goes away, or the runner stops. */
  readonly signal: AbortSignal;
  /** The whole body. Throws RUNNER_BODY_TOO_LARGE. */
  bytes(limit: number): Promise<Buffer>;
  /** Throws RUNNER_BAD_JSON, RUNNER_BODY_TOO_LARGE. */
  json(limit: number): Promise<unknown>;
  /** For forms, which are read as they come. */
  readonly stream: IncomingMessage;
}

export interface RunnerAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, and so are strings that come one after the other; everything else as JSON. */
  body: unknown;
}

export interface RunnerRefusal {
  code: string;
  text: string;
  next: string;
  status: number;
  /** The code of its message, where that is more precise than the error's. */
  said: string | null;
}

export interface RunnerRoute {
  method: 'GET' | 'POST' | 'DELETE';
  /** `/runner/models/{name}` */
  path: string;
  /**
   * `token` needs the runner's token always, `open` never. Default: only if the runner listens beyond this computer,
   * because existing clients send none.
   */
  access?: 'token' | 'open';
  handle(request: RunnerRequest): Promise<RunnerAnswer> | RunnerAnswer;
  /** The body of an error, for existing clients that expect another shape. */
  refusal?(error: RunnerRefusal): RunnerAnswer;
}
