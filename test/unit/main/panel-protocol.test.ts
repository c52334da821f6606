import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPanelHandler, windowSecurityPolicy } from '../../../electron/main/panel-protocol.ts';
import { createPanel } from '../../../electron/transport/http/panel.ts';

describe('the panel by its own scheme', () => {
  let folder: string;
  let asked: [query: string, range: string | null][];
  let handle: (request: Request) => Promise<Response>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pilotlight-panel-'));
    const root = join(folder, 'renderer');
    mkdirSync(join(root, 'assets'), { recursive: true });
    writeFileSync(join(root, 'index.html'), '<script nonce="__CSP_NONCE__" src="/assets/a.js"></script>');
    writeFileSync(join(root, 'assets/a.js'), 'export {};');
    writeFileSync(join(folder, 'secret.txt'), 'not for the window');
    asked = [];
    handle = createPanelHandler({
      panel: createPanel({ root, policy: windowSecurityPolicy }),
      async media(query, { headers }) {
        asked.push([query, headers.get('range')]);
        if (query === '') throw new Error('The core is not there yet.');
        return new Response('ab', { status: 206 });
      },
    });
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const get = (path: string) => handle(new Request(`pilotlight://panel${path}`));

  it('serves the page with a policy that names its nonce, another one each time', async () => {
    const [first, second] = [await get('/'), await get('/')];
    expect(first.status).toBe(200);
    const policy = first.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
    expect(nonce).toBeDefined();
    expect(await first.text()).toContain(`nonce="${nonce}"`);
    expect(second.headers.get('content-security-policy')).not.toBe(policy);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self';");
    expect(policy).not.toMatch(/unsafe|ws:|http:/);
  });

  it('serves its files as what they are', async () => {
    const response = await get('/assets/a.js');
    expect(response.headers.get('content-type')).toContain('text/javascript');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('export {};');
  });

  it('passes on what it plays, with the part that was asked for', async () => {
    const headers = { range: 'bytes=0-1' };
    const reply = await handle(new Request('pilotlight://panel/api/v1/media?task=t', { headers }));
    expect([reply.status, await reply.text()]).toEqual([206, 'ab']);
    expect((await get('/api/v1/media')).status).toBe(502);
    expect(asked).toEqual([
      ['?task=t', 'bytes=0-1'],
      ['', null],
    ]);
  });

  it('gives the page for the paths of its pages', async () => {
    const response = await get('/fleet');
    expect(response.headers.get('content-type')).toContain('text/html');
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/assets/%00.js',
    '/assets/absent.js',
  ])('has nothing at %s', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('');
  });

  it('refuses another host, another method and a path that cannot be read', async () => {
    expect((await handle(new Request('pilotlight://other/'))).status).toBe(403);
    expect((await handle(new Request('pilotlight://panel/', { method: 'POST' }))).status).toBe(405);
    expect((await get('/%')).status).toBe(400);
  });
});
