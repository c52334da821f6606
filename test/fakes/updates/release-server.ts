/** A place with updates on loopback, which can lie in every way. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UpdateManifest } from '../../../shared/models/update-manifest.ts';
import {
  bytesOf,
  fileOf,
  makeKey,
  manifestOf,
  sha512Of,
  signatureOf,
  type TestKey,
} from './signed-release.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface ReleaseServer {
  /** The folder with the release. */
  address: string;
  key: TestKey;
  /** Everything that was asked for, in order: `METHOD path`, with the range if there is one. */
  readonly asked: string[];
  /** Offers this release, signed. */
  publish(manifest: UpdateManifest, files: Readonly<Record<string, Uint8Array>>): void;
  /** Answers one path in another way; null ends that. */
  lie(path: string, answer: Answer | null): void;
  close(): Promise<void>;
}

export async function startReleaseServer(key: TestKey = makeKey()): Promise<ReleaseServer> {
  const content = new Map<string, Uint8Array>();
  const lies = new Map<string, Answer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://localhost').pathname.replace(/^\//, '');
    const { range } = request.headers;
    asked.push(`${request.method} ${path}${range === undefined ? '' : ` ${range}`}`);
    const lie = lies.get(path);
    if (lie !== undefined) return lie(request, response);
    const bytes = content.get(path);
    if (bytes === undefined) return void response.writeHead(404).end('Not here.');
    serve(request, response, bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key,
    asked,
    publish(manifest, files) {
      content.clear();
      const bytes = bytesOf(manifest);
      content.set('manifest.json', bytes);
      content.set('manifest.json.sig', Buffer.from(`${signatureOf(bytes, key)}\n`));
      for (const [name, file] of Object.entries(files)) content.set(name, file);
    },
    lie(path, answer) {
      if (answer === null) lies.delete(path);
      else lies.set(path, answer);
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** With an ETag and ranges, as file servers do. */
export function serve(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  const etag = `"${sha512Of(bytes)}"`;
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from === 0) return void response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
  response
    .writeHead(206, {
      ...{ etag, 'content-length': bytes.length - from },
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    })
    .end(bytes.subarray(from));
}

/** A release of version 9.0.0 for this system, as an AppImage, whatever the system is. */
export function releaseHere(content: Uint8Array, change: Partial<UpdateManifest> = {}) {
  const { platform, arch } = process;
  const file = fileOf(content, { os: platform as 'linux', arch: arch as 'x64' });
  return { file, manifest: manifestOf({ files: [file], ...change }), files: { [file.name]: content } };
}
