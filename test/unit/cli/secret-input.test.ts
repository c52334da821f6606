import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../electron/cli/command.ts';
import { pair } from '../../../electron/cli/commands/agents.ts';
import { nodes } from '../../../electron/cli/commands/nodes.ts';
import { readSecretInput } from '../../../electron/cli/secret-input.ts';
import { createTerminal } from '../../../electron/cli/terminal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Given {
  values?: CommandContext['values'];
  environment?: Record<string, string>;
  typed?: string;
}

/** Runs a command against a link that remembers what it was called with. */
async function run(command: typeof nodes, positionals: string[], given: Given = {}) {
  const calls: [string, Record<string, unknown>][] = [];
  const prompts: string[] = [];
  let err = '';
  let out = '';
  const context = {
    terminal: createTerminal({
      out: { write: (text) => (out += text) },
      err: { write: (text) => (err += text) },
      env: {},
    }),
    json: true,
    positionals,
    values: given.values ?? {},
    environment: given.environment ?? {},
    resolve: (path: string) => join(folder, path),
    readSecret: async (prompt: string) => {
      prompts.push(prompt);
      return given.typed ?? '';
    },
    connect: async () => ({
      async call(method: string, params: Record<string, unknown>) {
        calls.push([method, params]);
        return method === 'fleet.look' ? [] : { id: 'node_1', url: '', roles: [] };
      },
    }),
  } as unknown as CommandContext;
  const code = await Promise.resolve()
    .then(() => command.run(context))
    .then(
      () => 'done',
      (error: { code: string; details?: { usage?: boolean } }) =>
        error.details?.usage ? 'usage' : error.code,
    );
  return { code, params: calls[0]?.[1], err, out, prompts };
}

function secretFile(content: string, mode = 0o600): string {
  writeFileSync(join(folder, 'secret'), content);
  chmodSync(join(folder, 'secret'), mode);
  return 'secret';
}

const add = (given: Given) => run(nodes, ['add', 'http://127.0.0.1:1'], given);

describe('a secret of a node', () => {
  it('comes from a private file, without its last line break', async () => {
    const file = secretFile('s3cret\n');
    const { params, err } = await add({ values: { 'shutdown-secret-file': file } });
    expect([params?.shutdownSecret, err]).toEqual(['s3cret', '']);
    for (const [option, field] of [
      ['agent-token', 'agentToken'],
      ['relay-token', 'relayToken'],
      ['secure-on', 'secureOn'],
    ] as const) {
      expect((await add({ values: { [`${option}-file`]: file } })).params?.[field]).toBe('s3cret');
    }
  });

  it('from a file that others can read comes with a warning', async () => {
    const { params, err } = await add({ values: { 'shutdown-secret-file': secretFile('s', 0o644) } });
    expect(params?.shutdownSecret).toBe('s');
    expect(err).toContain('chmod 600');
  });

  it('comes from standard input, and only one can', async () => {
    const { params, prompts } = await add({ values: { 'shutdown-secret': '-' }, typed: 'typed' });
    expect([params?.shutdownSecret, prompts.length]).toEqual(['typed', 1]);
    expect((await add({ values: { 'shutdown-secret': '-', 'relay-token': '-' } })).code).toBe('usage');
  });

  it('comes from a variable, where nothing else is said', async () => {
    const environment = { PILOTLIGHT_NODE_SHUTDOWN_SECRET: 'from-variable' };
    expect((await add({ environment })).params?.shutdownSecret).toBe('from-variable');
    const file = secretFile('from-file');
    expect(
      (await add({ environment, values: { 'shutdown-secret-file': file } })).params?.shutdownSecret,
    ).toBe('from-file');
    expect((await add({ environment: { PILOTLIGHT_NODE_SHUTDOWN_SECRET: '' } })).params).not.toHaveProperty(
      'shutdownSecret',
    );
  });

  it('as an argument works as it did, with a warning that does not repeat it', async () => {
    for (const [option, field] of [
      ['shutdown-secret', 'shutdownSecret'],
      ['secure-on', 'secureOn'],
    ] as const) {
      const { code, params, err } = await add({ values: { [option]: 'in-the-open' } });
      expect([code, params?.[field]]).toEqual(['done', 'in-the-open']);
      expect(err).toContain(`--${option}-file`);
      expect(err).not.toContain('in-the-open');
    }
  });

  it('as an argument that was never accepted is refused, without repeating it', async () => {
    for (const option of ['agent-token', 'relay-token']) {
      const { code, params, err } = await add({ values: { [option]: 'in-the-open' } });
      expect([code, params]).toEqual(['usage', undefined]);
      expect(err).not.toContain('in-the-open');
    }
  });

  it('that cannot be read, or is given twice, adds nothing', async () => {
    expect(await add({ values: { 'shutdown-secret-file': 'missing' } })).toMatchObject({
      code: 'BAD_REQUEST',
      params: undefined,
    });
    const empty = { 'shutdown-secret-file': secretFile('\n') };
    expect(await add({ values: empty })).toMatchObject({ code: 'usage', params: undefined });
    const typed = { values: { 'agent-token': '-' }, typed: '' };
    expect(await add(typed)).toMatchObject({ code: 'usage', params: undefined });
    const both = { 'shutdown-secret': 'a', 'shutdown-secret-file': secretFile('b') };
    expect(await add({ values: both })).toMatchObject({ code: 'usage', params: undefined });
  });
});

describe('pairing', () => {
  const line = 'pilotlight+agent://127.0.0.1:8765/#secret';

  it('asks for what is not in the arguments', async () => {
    const whole = await run(pair, [], { typed: `${line}\n` });
    expect([whole.params, whole.err, whole.prompts]).toEqual([{ line }, '', ['Pairing line']]);
    for (const positionals of [['http://127.0.0.1:8765'], ['http://127.0.0.1:8765', '-']]) {
      const code = await run(pair, positionals, { typed: '123 456' });
      expect([code.params, code.err]).toEqual([{ url: 'http://127.0.0.1:8765', code: '123 456' }, '']);
    }
    expect((await run(pair, ['-'], { typed: line })).params).toEqual({ line });
  });

  it('takes a file or a variable', async () => {
    const file = secretFile(`${line}\n`);
    expect((await run(pair, [], { values: { 'code-file': file } })).params).toEqual({ line });
    const environment = { PILOTLIGHT_PAIRING: '123456' };
    expect((await run(pair, ['127.0.0.1'], { environment })).params).toEqual({
      url: '127.0.0.1',
      code: '123456',
    });
  });

  it('works with arguments as it did, with a warning', async () => {
    const whole = await run(pair, [line]);
    expect([whole.params, whole.err.startsWith('Warning:'), whole.err.includes('#secret')]).toEqual([
      { line },
      true,
      false,
    ]);
    const code = await run(pair, ['127.0.0.1', '123', '456']);
    expect([code.params, code.err.startsWith('Warning:'), code.err.includes('456')]).toEqual([
      { url: '127.0.0.1', code: '123456' },
      true,
      false,
    ]);
  });

  it('needs an address for a code', async () => {
    expect((await run(pair, [], { typed: '123456' })).code).toBe('usage');
  });
});

describe('the input', () => {
  const streams = (isTTY: boolean) => {
    const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => {} });
    const output = new PassThrough();
    let shown = '';
    output.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    return { input, output, shown: () => shown };
  };

  it('of another program is read to its end', async () => {
    const { input, output, shown } = streams(false);
    const read = readSecretInput('Secret', { input: input as never, output });
    input.end('piped secret\r\n');
    expect([await read, shown()]).toEqual(['piped secret', '']);
  });

  it('of a terminal is one line, which is not shown', async () => {
    const { input, output, shown } = streams(true);
    const read = readSecretInput('Secret', { input: input as never, output });
    input.write('typed secret\n');
    expect(await read).toBe('typed secret');
    expect(shown()).toBe('Secret: \n');
  });
});
