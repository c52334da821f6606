import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { createReleaseSource } from '../../../electron/adapters/updates/release-source.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { type ReleaseServer, releaseHere, startReleaseServer } from '../../fakes/updates/release-server.ts';
import { bytesOf, makeKey, manifestOf, signatureOf } from '../../fakes/updates/signed-release.ts';

let server: ReleaseServer;
const http = createNodeHttp();
const clock = createFakeClock();
const release = releaseHere(Buffer.from('program'));
beforeEach(async () => {
  server = await startReleaseServer();
  server.publish(release.manifest, release.files);
});
afterEach(async () => {
  http.close();
  await server.close();
});

const never = new AbortController().signal;
const read = (
  options: { address?: string; etag?: string | null; signal?: AbortSignal; keys?: string[] } = {},
) =>
  createReleaseSource({ http, clock, keys: options.keys ?? [server.key.publicKey] })
    .read({
      address: options.address ?? server.address,
      etag: options.etag ?? null,
      signal: options.signal ?? never,
    })
    .catch((error: unknown) => {
      if (isPilotlightError(error)) return error.code;
      throw error;
    });

describe('a release on a server', () => {
  it('is read, and asked for again only if it has changed', async () => {
    const first = await read();
    expect(first).toMatchObject({ manifest: release.manifest, etag: expect.any(String) });
    const { etag } = first as { etag: string };
    expect(await read({ etag })).toBe('unchanged');
    server.publish(manifestOf({ version: '9.0.1' }), {});
    expect(await read({ etag })).toMatchObject({ manifest: { version: '9.0.1' } });
    expect(server.asked).toEqual([
      'GET manifest.json',
      'GET manifest.json.sig',
      'GET manifest.json',
      'GET manifest.json',
      'GET manifest.json.sig',
    ]);
  });

  it('may be in a folder, and behind redirects', async () => {
    server.lie('latest/manifest.json', (_, response) =>
      response.writeHead(302, { location: '/manifest.json?token=a%2Fb' }).end(),
    );
    server.lie('latest/manifest.json.sig', (_, response) =>
      response.writeHead(307, { location: '../manifest.json.sig' }).end(),
    );
    expect(await read({ address: `${server.address}/latest/` })).toMatchObject({
      manifest: release.manifest,
    });
  });

  it.each([
    ['to itself', '/manifest.json'],
    ['to plain http elsewhere', 'http://updates.example/manifest.json'],
    ['to a file', 'file:///etc/passwd'],
    ['to nowhere', undefined],
  ])('is not read where it redirects %s', async (_, location) => {
    server.lie('manifest.json', (_request, response) =>
      response.writeHead(302, location === undefined ? {} : { location }).end(),
    );
    expect(await read()).toBe('UPDATE_UNREACHABLE');
    expect(server.asked.length).toBeLessThanOrEqual(6);
  });

  it.each([
    ['another key', (bytes: Buffer) => signatureOf(bytes, makeKey())],
    ['nothing', () => ''],
    ['a page', () => '<!doctype html>'],
    ['a lot', () => 'A'.repeat(100_000)],
  ])('is refused where %s signed it', async (_, sign) => {
    server.lie('manifest.json.sig', (_request, response) => response.end(sign(bytesOf(release.manifest))));
    expect(await read()).toBe('UPDATE_SIGNATURE');
  });

  it('is refused without its signature, and without a key of one’s own', async () => {
    expect(await read({ keys: [] })).toBe('UPDATE_SIGNATURE');
    server.lie('manifest.json.sig', (_, response) => response.writeHead(404).end());
    expect(await read()).toBe('UPDATE_SIGNATURE');
  });

  it('is refused where the content is another one than was signed', async () => {
    server.lie('manifest.json', (_, response) => response.end(bytesOf(manifestOf({ version: '99.0.0' }))));
    expect(await read()).toBe('UPDATE_SIGNATURE');
  });

  it('is not read where nothing is, nobody listens, or the server has trouble', async () => {
    expect(await read({ address: `${server.address}/elsewhere` })).toBe('UPDATE_NO_RELEASE');
    expect(await read({ address: 'http://127.0.0.1:1' })).toBe('UPDATE_UNREACHABLE');
    expect(await read({ address: 'http://updates.example' })).toBe('UPDATE_UNREACHABLE');
    server.lie('manifest.json', (_, response) => response.writeHead(503).end('later'));
    expect(await read()).toBe('UPDATE_UNREACHABLE');
    server.lie('manifest.json', (_, response) => response.writeHead(304).end());
    expect(await read()).toBe('UPDATE_UNREACHABLE');
    server.lie('manifest.json', (request) => request.socket.destroy());
    expect(await read()).toBe('UPDATE_UNREACHABLE');
  });

  it('is not read to its end when it is too large', async () => {
    let written = 0;
    server.lie('manifest.json', (_, response) => {
      const more = () => {
        while (written < 50_000_000 && !response.destroyed) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536, ' '))) return;
        }
        response.end();
      };
      response.on('drain', more);
      more();
    });
    expect(await read()).toBe('UPDATE_MANIFEST');
    expect(written).toBeLessThan(50_000_000);
  });

  it('is given up when it takes too long, however it does that', async () => {
    server.lie('manifest.json', (_, response) => response.write('{'));
    const reading = read();
    await expect.poll(() => server.asked.length).toBe(1);
    await clock.advance(60_000);
    expect(await reading).toBe('UPDATE_UNREACHABLE');
    expect(clock.pending()).toBe(0);
  });

  it('is given up when nobody waits for it any more', async () => {
    const abort = new AbortController();
    server.lie('manifest.json', () => abort.abort(new DOMException('Enough.', 'AbortError')));
    await expect(read({ signal: abort.signal })).rejects.toThrow('Enough.');
  });
});
