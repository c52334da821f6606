/** Damages every file of an agent's folder, one at a time: it starts, reports the damage and powers nothing off. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChild } from './child.ts';
import { damage } from './damage.ts';
import { createTally, type Part, times } from './part.ts';
import { type AgentContent, openAgent } from './read-agent.ts';

const TIMES_A_FILE = 200;
const LIMIT_MS = 30_000;
const reader = fileURLToPath(new URL('read-agent.ts', import.meta.url));

export const corruptAgent: Part = {
  name: 'corrupt-agent',
  summary: 'damaged files of an agent',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const template = join(folder, 'template');
    await fillTemplate(template);
    const child = createChild<{ folder: string }, AgentContent>(reader, LIMIT_MS);
    try {
      const first = await child.ask({ folder: copyOf(template, folder) });
      if ('failed' in first || first.answer.failed !== null || first.answer.ran.length > 0) {
        find('crashes', 'the undamaged folder', JSON.stringify(first));
        return tally;
      }
      const whole = first.answer;
      for (const file of readdirSync(template).sort()) {
        const rounds = times(context, TIMES_A_FILE);
        note(`${file}: ${rounds} times`);
        for (let round = 0; round < rounds; round += 1) {
          signal.throwIfAborted();
          const copy = copyOf(template, folder);
          const how = damage(join(copy, file), random);
          tried();
          const what = `${file}, ${how}`;
          const reply = await child.ask({ folder: copy });
          if ('failed' in reply) {
            find(reply.failed === 'crash' ? 'crashes' : 'hangs', what, reply.complaints);
            continue;
          }
          const { answer } = reply;
          if (answer.failed !== null) {
            find('crashes', `${what}: does not start`, answer.failed);
            continue;
          }
          if (answer.ran.length > 0) find('lost', `${what}: it powers off`, answer.ran.join('; '));
          const fresh = answer.said.filter((line) => !whole.said.includes(line));
          for (const key of ['leases', 'policies', 'id', 'token'] as const) {
            if (answer[key] !== whole[key] && fresh.length === 0)
              find('silent', what, `${key}: ${answer[key]}`);
          }
        }
      }
    } finally {
      child.close();
    }
    return tally;
  },
};

function copyOf(template: string, folder: string): string {
  const copy = join(folder, 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(template, copy, { recursive: true });
  return copy;
}

/** Two panels: one that lets the machine go after a minute, and one with leases that keep it on. */
async function fillTemplate(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { agent, clock, base } = await openAgent(folder);
  const token = readFileSync(join(folder, 'token'), 'utf8').trim();
  const put = async (path: string, body: unknown) => {
    const reply = await fetch(`${base}${path}`, {
      method: 'PUT',
      headers: { connection: 'close', authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
    await reply.arrayBuffer();
  };
  const policy = {
    finishAlone: true,
    onlyIfWoken: false,
    idleMinutes: 1,
    respectUsers: true,
    countdownSeconds: 5,
  };
  await put('/v1/policies/panel-a', policy);
  await put('/v1/policies/panel-b', { ...policy, idleMinutes: 2 });
  await put('/v1/leases/one', { holder: 'panel-a', purpose: 'a long run', ttlSeconds: 86_400 });
  await put('/v1/leases/two', { holder: 'panel-b', purpose: 'another', ttlSeconds: 86_400 });
  await clock.advance(1000);
  await agent.stop();
}
