/** Offers one verified file to electron-updater, on loopback at an address that cannot be guessed, until it has taken it. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { usualLimits } from '../adapters/http/limits.ts';
import { createListener } from '../adapters/http/listener.ts';
import { noBrowsers } from '../adapters/http/source.ts';
import { fileDigest } from '../adapters/updates/file-digest.ts';
import type { StagedProgram } from '../core/ports/updates.ts';

export interface UpdateFeed {
  url: string;
  close(): Promise<void>;
}

export async function openUpdateFeed(program: StagedProgram): Promise<UpdateFeed> {
  const folder = `/${randomBytes(24).toString('hex')}/`;
  const name = encodeURIComponent(basename(program.path));
  const { size } = await stat(program.path);
  const sha512 = program.file?.sha512 ?? (await fileDigest(program.path));
  // JSON is YAML.
  const description = JSON.stringify({
    version: program.version,
    files: [{ url: name, sha512, size }],
    ...{ path: name, sha512, releaseDate: new Date(0).toISOString() },
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (request.url ?? '').split('?');
    const asked = path?.startsWith(folder) ? path.slice(folder.length) : '';
    // Each system and processor has a name of its own for it.
    if (/^latest[a-z0-9-]*\.yml$/.test(asked)) response.end(description);
    else if (asked === name) {
      response.writeHead(200, { 'content-length': size });
      await pipeline(createReadStream(program.path), response).catch(() => response.destroy());
    } else response.writeHead(404).end();
  }

  const listener = createListener({
    limits: usualLimits,
    source: noBrowsers,
    handle(request, response) {
      if (listener.checkSource(request) === null) void handle(request, response);
      else response.destroy();
    },
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return { url: `http://127.0.0.1:${port}${folder}`, close: () => listener.close(0) };
}
