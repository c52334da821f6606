import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgentError } from '../../../electron/agent/errors.ts';
import { callLocal } from '../../../electron/agent/local-client.ts';
import { agentApi } from '../../../shared/contract/agent.ts';

test('a refusal of the local agent keeps its code and its next step', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'pilotlight-local-'));
  await using server = createServer((request, response) => {
    const error =
      request.url === '/slow' ? new AgentError('SLOW_DOWN').toBody() : { error: { code: 'toString' } };
    response.writeHead(429).end(JSON.stringify(error));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const listening = [{ roles: ['power'], address: '127.0.0.1', port }];
  await writeFile(join(folder.path, 'listening.json'), JSON.stringify(listening));

  const call = (path: string) => callLocal(folder.path, { ...agentApi.health, path });
  await expect(call('/slow')).rejects.toMatchObject({
    code: 'SLOW_DOWN',
    next: expect.stringContaining('Wait'),
  });
  await expect(call('/else')).rejects.toMatchObject({ code: 'INTERNAL' });
});
