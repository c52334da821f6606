import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeToTerminals } from '../../../../electron/adapters/agent-host/terminals.ts';
import { UNPRINTABLE } from '../../../fakes/unprintable.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-terminals-'));
  mkdirSync(join(folder, 'pts'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function terminal(name: string, mode: number): () => string {
  const path = join(folder, name);
  writeFileSync(path, '');
  chmodSync(path, mode);
  return () => readFileSync(path, 'utf8');
}

it('reaches the terminals that take messages, and no other file', async () => {
  const ssh = terminal('pts/0', 0o620);
  const quiet = terminal('pts/1', 0o600);
  const multiplexer = terminal('pts/ptmx', 0o666);
  const seat = terminal('tty1', 0o620);
  const serial = terminal('ttyS0', 0o620);
  const disk = terminal('sda', 0o660);
  expect(await writeToTerminals('It goes off in a minute.', { folder, isTerminal: () => true })).toBe(3);
  for (const read of [ssh, seat, serial]) expect(read()).toContain('It goes off in a minute.');
  for (const read of [quiet, multiplexer, disk]) expect(read()).toBe('');
});

it.each(UNPRINTABLE)('never brings %s from who asked to a terminal', async (_, character) => {
  const read = terminal('pts/0', 0o620);
  await writeToTerminals(`requested by a${character}b`, { folder, isTerminal: () => true });
  const written = read();
  expect(written.startsWith('\u0007\r\nrequested by a\\')).toBe(true);
  expect(written.slice(3, -2)).not.toContain(character);
});

it('reaches nobody where there are no terminals, and takes no file for one', async () => {
  const file = terminal('pts/0', 0o620);
  expect(await writeToTerminals('x', { folder })).toBe(0);
  expect(await writeToTerminals('x', { folder: join(folder, 'missing') })).toBe(0);
  expect(file()).toBe('');
});
