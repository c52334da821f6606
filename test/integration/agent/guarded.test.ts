/** Builds of the real agent in processes of their own: one replaces the other, and whatever may end on the way. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import type { AgentLink } from '../../../electron/core/ports/agents.ts';
import { UPDATE_PART_BYTES } from '../../../shared/contract/agent/update.ts';
import { buildAgent, writeProgram } from '../../fakes/agent-builds.ts';
import { isAlive } from '../../fakes/alive.ts';
import { spawn } from '../../fakes/children.ts';
import { agentFile, aRelease, createSigner } from '../../fakes/releases.ts';

const signer = createSigner();
const http = createNodeHttp();
afterAll(() => http.close());
const os = process.platform;
const arch = process.arch as 'x64';

let old: Buffer;
let newer: Buffer;
let newest: Buffer;
let broken: Buffer;
beforeAll(async () => {
  [old, newer, newest, broken] = await Promise.all([
    buildAgent('1.0.0', [signer.key]),
    buildAgent('1.1.0', [signer.key]),
    buildAgent('1.2.0', [signer.key]),
    buildAgent('1.3.0', [signer.key], 'process.exit(5);'),
  ]);
});

const release = (version: string, program: Buffer) =>
  aRelease(signer, version, [agentFile(program, { os: os as 'linux', arch })]);

/** A machine with the agent of version 1.0.0, and a service manager's part: the test starts it again. */
async function createMachine() {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-guarded-'));
  const program = join(folder, 'pilotlight-agent');
  const data = join(folder, 'data');
  writeProgram(program, old);
  let child: ReturnType<typeof spawn> | null = null;
  const lines: string[] = [];
  const waits: { text: string | RegExp; seen: (line: string) => void }[] = [];

  function hear(line: string): void {
    lines.push(line);
    for (const wait of waits.splice(0)) {
      if (line.match(wait.text)) wait.seen(line);
      else waits.push(wait);
    }
  }
  /** The next line with that text. */
  const line = (text: string | RegExp) => new Promise<string>((seen) => waits.push({ text, seen }));

  async function start(): Promise<AgentLink> {
    const port = JSON.parse(
      existsSync(join(data, 'listening.json')) ? readFileSync(join(data, 'listening.json'), 'utf8') : '[{}]',
    )[0].port;
    const listens = line('listens on');
    child = spawn(
      program,
      ['--role', 'power,telemetry', '--data', data, '--port', String(port ?? 0), '--dry-run'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', hear);
    return linkFrom(await listens);
  }
  function linkFrom(listens: string): AgentLink {
    const [url = ''] = listens.match(/http:\S+/) ?? [];
    const token = readFileSync(join(data, 'token'), 'utf8').trim();
    return createAgentLink({ http, url, token });
  }
  function ended(): Promise<void> {
    const one = child;
    if (one === null || one.exitCode !== null || one.signalCode !== null) return Promise.resolve();
    return new Promise((done) => one.once('close', () => done()));
  }
  return {
    data,
    lines,
    line,
    start,
    linkFrom,
    pid: () => child?.pid ?? 0,
    async kill(signal: NodeJS.Signals) {
      const all = ended();
      child?.kill(signal);
      await all;
    },
    record: () => JSON.parse(readFileSync(join(data, 'updates', 'record.json'), 'utf8')),
    async [Symbol.asyncDispose]() {
      const all = ended();
      child?.kill('SIGKILL');
      await all;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const soon = () => AbortSignal.timeout(40_000);

async function send(link: AgentLink, version: string, program: Buffer): Promise<void> {
  await link.offerUpdate(release(version, program), soon());
  for (let from = 0; from < program.length; from += UPDATE_PART_BYTES)
    await link.putUpdatePart(from, program.subarray(from, from + UPDATE_PART_BYTES), soon());
}

const versionOf = async (link: AgentLink) => (await link.health(soon())).version;

/** Sends and starts a version, and resolves with a link to whatever listens next. */
async function update(
  machine: Awaited<ReturnType<typeof createMachine>>,
  link: AgentLink,
  version: string,
  program: Buffer,
) {
  await send(link, version, program);
  const listens = machine.line('listens on');
  await link.startUpdate(version, 'test', soon());
  return machine.linkFrom(await listens);
}

describe.skipIf(process.platform === 'win32')('an installed agent', () => {
  it('is replaced by the version that a panel sends, and that by the next; both survive a restart', async () => {
    await using machine = await createMachine();
    const first = await machine.start();
    expect(await versionOf(first)).toBe('1.0.0');
    const proved = machine.line('is well and stays');
    const second = await update(machine, first, '1.1.0', newer);
    expect(await versionOf(second)).toBe('1.1.0');
    await proved;
    expect(await second.update(soon())).toMatchObject({
      version: '1.1.0',
      previous: '1.0.0',
      last: { version: '1.1.0', from: '1.0.0', outcome: 'updated' },
    });
    const provedAgain = machine.line('is well and stays');
    const third = await update(machine, second, '1.2.0', newest);
    expect(await versionOf(third)).toBe('1.2.0');
    await provedAgain;
    expect(await third.update(soon())).toMatchObject({ previous: '1.1.0', state: 'idle', next: null });
    await machine.kill('SIGTERM');
    expect(await versionOf(await machine.start())).toBe('1.2.0');
  });

  it('is put back when the new version does not run', async () => {
    await using machine = await createMachine();
    const first = await machine.start();
    const back = await update(machine, first, '1.3.0', broken);
    expect(await versionOf(back)).toBe('1.0.0');
    expect(await back.update(soon())).toMatchObject({
      version: '1.0.0',
      last: { version: '1.3.0', from: '1.0.0', outcome: 'rolled-back', code: 'ENDED' },
    });
    expect(readdirSync(join(machine.data, 'updates'))).toEqual(['record.json']);
  });

  it('keeps its leases, token and id', async () => {
    await using machine = await createMachine();
    const first = await machine.start();
    const { id } = await first.health(soon());
    const second = await update(machine, first, '1.1.0', newer);
    expect((await second.health(soon())).id).toBe(id);
    await second.putLease({ id: 'a', holder: 'Ann', purpose: 'a game', ttlSeconds: 600 }, soon());
    await machine.kill('SIGTERM');
    const later = await machine.start();
    expect(await later.leases(soon())).toMatchObject([{ id: 'a' }]);
  });

  it.each(['offered', 'sent', 'started'] as const)(
    'survives a kill after the version was %s',
    async (step) => {
      await using machine = await createMachine();
      const first = await machine.start();
      if (step === 'offered') await first.offerUpdate(release('1.1.0', newer), soon());
      if (step !== 'offered') await send(first, '1.1.0', newer);
      if (step === 'started') {
        const listens = machine.line('listens on');
        await first.startUpdate('1.1.0', 'test', soon());
        await listens;
      }
      const pid = machine.pid();
      await machine.kill('SIGKILL');
      expect(isAlive(pid)).toBe(false);
      const later = await machine.start();
      const trial = step === 'started';
      expect(await versionOf(later)).toBe(trial ? '1.1.0' : '1.0.0');
      // It may have proved itself before the kill: then it is the version that stays.
    const proved = machine.lines.some((line) => line.includes('is well and stays'));
    if (trial) expect(machine.record().trial?.starts ?? null).toBe(proved ? null : 2);
      else {
        expect(await later.update(soon())).toMatchObject({ state: 'idle', next: null });
        const last = await update(machine, later, '1.1.0', newer);
        expect(await versionOf(last)).toBe('1.1.0');
      }
    },
  );
});
