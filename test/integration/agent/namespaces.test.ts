/**
 * A relay and a target on another subnet than the panel, in network namespaces that this test makes: no packet
 * leaves them. It needs root and iproute2; see `findNamespaceTools`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn } from '../../fakes/children.ts';
import { findNamespaceTools } from '../../fakes/namespaces.ts';
import { createPlace, startAgent } from './process.ts';

const tools = findNamespaceTools();
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
const relaySpace = `pl-relay-${process.pid}`;
const targetSpace = `pl-target-${process.pid}`;
const panelSpace = `pl-panel-${process.pid}`;
const mac = '02:11:22:33:44:55';
const asker = fileURLToPath(new URL('ask.ts', import.meta.url));

/** What `wakeonlan` and `etherwake` put on the wire for this MAC, written out by hand. */
const wakePayload = `ffffffffffff${'021122334455'.repeat(16)}`;

/** Prints each datagram that arrives in the target's namespace, as hex with its port. */
const capture = `
const dgram = require('node:dgram');
let ready = 0;
for (const port of [9, 7]) {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (message, from) => console.log(JSON.stringify({ port, from: from.address, hex: message.toString('hex') })));
  socket.bind(port, '0.0.0.0', () => { ready += 1; if (ready === 2) console.log('ready'); });
}`;

/** A client in a namespace of its own: the panel, which can reach the relay and not the target. */
const client = (url: string, token: string) => `
fetch(${JSON.stringify(url)}, { method: 'POST', headers: { authorization: 'Bearer ${token}', 'content-type': 'application/json' }, body: JSON.stringify({ mac: '${mac}' }) })
  .then(async (reply) => console.log(JSON.stringify({ status: reply.status, body: await reply.json() })));`;

describe.skipIf(tools === null)('in network namespaces', () => {
  beforeAll(() => {
    for (const space of [relaySpace, targetSpace, panelSpace]) {
      ip('netns', 'add', space);
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
    const pair = (left: string, right: string, one: string, other: string, net: string, name: string) => {
      ip(
        'link',
        'add',
        `${name}0`,
        'netns',
        left,
        'type',
        'veth',
        'peer',
        'name',
        `${name}1`,
        'netns',
        right,
      );
      ip('-n', left, 'addr', 'add', `${one}/24`, 'brd', '+', 'dev', `${name}0`);
      ip('-n', right, 'addr', 'add', `${other}/24`, 'brd', '+', 'dev', `${name}1`);
      ip('-n', left, 'link', 'set', `${name}0`, 'up');
      ip('-n', right, 'link', 'set', `${name}1`, 'up');
      return net;
    };
    pair(panelSpace, relaySpace, '10.81.0.2', '10.81.0.1', '10.81.0.0', 'pa');
    pair(relaySpace, targetSpace, '10.82.0.1', '10.82.0.2', '10.82.0.0', 'ta');
  });

  afterAll(() => {
    for (const space of [relaySpace, targetSpace, panelSpace]) {
      try {
        ip('netns', 'del', space);
      } catch {
        // It was never made.
      }
    }
  });

  it.each([
    ['a plain packet', {}, wakePayload],
    ['a SecureOn password of 6 bytes', { secureOn: '0A:0B:0C:0D:0E:0F' }, `${wakePayload}0a0b0c0d0e0f`],
    ['a SecureOn password of 4 bytes', { secureOn: '10.20.30.40' }, `${wakePayload}0a141e28`],
  ])('a relay sends the target of another subnet %s, by directed broadcast', async (_, config, expected) => {
    using place = createPlace(config);
    const listener = spawn('ip', ['netns', 'exec', targetSpace, process.execPath, '-e', capture], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
    try {
      expect((await lines.next()).value).toBe('ready');
      await using relay = await startAgent(
        place.folder,
        ['--role', 'relay', '--bind', '10.81.0.1', '--allow-mac', mac],
        ['ip', 'netns', 'exec', relaySpace],
      );
      const panel = spawn(
        'ip',
        ['netns', 'exec', panelSpace, process.execPath, '-e', client(`${relay.url}/wake`, relay.token)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const [reply] = (await once(createInterface({ input: panel.stdout }), 'line')) as [string];
      expect(JSON.parse(reply)).toMatchObject({ status: 200, body: { success: true, mac } });
      expect(JSON.parse(reply).body.sent).toContain('10.82.0.255:9');
      const caught = [(await lines.next()).value, (await lines.next()).value].map((line) =>
        JSON.parse(line ?? ''),
      );
      expect(caught.map(({ port }) => port).sort()).toEqual([7, 9]);
      for (const { hex, from } of caught) expect({ hex, from }).toEqual({ hex: expected, from: '10.82.0.1' });
    } finally {
      listener.kill('SIGKILL');
      await once(listener, 'exit');
    }
  });

  it('an agent in two networks is found from each, at its address there, and says goodbye', async () => {
    using place = createPlace();
    const spaces = [
      { space: panelSpace, own: '10.81.0.2', agent: '10.81.0.1', listen: 'answers' },
      { space: targetSpace, own: '10.82.0.2', agent: '10.82.0.1', listen: 'answers' },
      { space: targetSpace, own: '10.82.0.2', agent: '10.82.0.1', listen: 'group' },
    ];
    await using agent = await startAgent(
      place.folder,
      ['--role', 'relay,telemetry', '--bind', '0.0.0.0', '--announce'],
      ['ip', 'netns', 'exec', relaySpace],
    );
    const { id } = JSON.parse(readFileSync(join(place.folder, 'id.json'), 'utf8'));
    const askers = spaces.map(({ space, own, listen }) =>
      spawn('ip', ['netns', 'exec', space, process.execPath, asker, own, listen], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    try {
      const lines = askers.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
      const answers = await Promise.all(lines.map(async (one) => JSON.parse((await one.next()).value ?? '')));
      for (const [index, answer] of answers.entries()) {
        const address = spaces[index]?.agent;
        expect(answer).toMatchObject({ address, from: address, port: agent.port });
        expect(answer.txt).toMatchObject({ id, roles: 'relay,telemetry', port: String(agent.port) });
      }
      const goodbye = (async () => {
        for (;;) {
          const { value, done } = (await lines[2]?.next()) ?? { done: true, value: undefined };
          if (done || value === 'gone') return value;
        }
      })();
      await agent.stop();
      expect(await goodbye).toBe('gone');
    } finally {
      for (const one of askers) one.stdin.end();
      await Promise.all(askers.map((one) => once(one, 'exit')));
    }
  });
});
