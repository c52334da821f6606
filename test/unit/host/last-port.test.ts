import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenAtLastPort, rememberPort } from '../../../electron/host/last-port.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { silentLog } from '../../fakes/indexing.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-port-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Listens as a host does; these ports are taken. */
function aDoor(...taken: number[]) {
  const asked: number[] = [];
  return {
    asked,
    async listen(port: number) {
      asked.push(port);
      if (taken.includes(port)) throw new PilotlightError('PORT_IN_USE');
      return `http://127.0.0.1:${port === 0 ? 40_000 : port}`;
    },
  };
}

test('the last port is taken again', async () => {
  rememberPort(folder, 4321);
  const door = aDoor();
  expect(await listenAtLastPort(folder, door.listen, silentLog)).toEqual({
    url: 'http://127.0.0.1:4321',
    taken: null,
  });
  expect(door.asked).toEqual([4321]);
});

test('a port that another program takes at the last moment does not stop the start', async () => {
  rememberPort(folder, 4321);
  const door = aDoor(4321);
  expect(await listenAtLastPort(folder, door.listen, silentLog)).toEqual({
    url: 'http://127.0.0.1:40000',
    taken: 4321,
  });
  expect(door.asked).toEqual([4321, 0]);
});

test.each(['', '80', '70000', 'none', '4321x'])('"%s" in its file is no port', async (text) => {
  writeFileSync(join(folder, 'port'), text);
  const door = aDoor();
  await listenAtLastPort(folder, door.listen, silentLog);
  expect(door.asked).toEqual([0]);
});

test('what else fails is not tried again', async () => {
  rememberPort(folder, 4321);
  const listen = () => Promise.reject(new PilotlightError('INTERNAL'));
  await expect(listenAtLastPort(folder, listen, silentLog)).rejects.toMatchObject({ code: 'INTERNAL' });
});
