/** Damages every file of an agent's folder, one at a time: it starts, says so, and powers nothing off. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corruptEach } from './corruption.ts';
import { createTally, type Part } from './part.ts';
import { type AgentContent, openAgent } from './read-agent.ts';

const LIMIT_MS = 30_000;
const reader = fileURLToPath(new URL('read-agent.ts', import.meta.url));

export const corruptAgent: Part = {
  name: 'corrupt-agent',
  summary: 'damaged files of an agent',
  async run(context) {
    const book = createTally();
    const template = join(context.folder, 'template');
    await fillTemplate(template);
    await corruptEach<AgentContent>(context, book, {
      template,
      files: readdirSync(template).sort(),
      reader,
      limitMs: LIMIT_MS,
      isWhole: ({ ran }) => ran.length === 0,
      judge(answer, whole, { what }) {
        if (answer.ran.length > 0) book.find('lost', `${what}: it powers off`, answer.ran.join('; '));
        const fresh = answer.said.filter((line) => !whole.said.includes(line));
        for (const key of ['leases', 'policies', 'id', 'token'] as const) {
          if (answer[key] !== whole[key] && fresh.length === 0)
            book.find('silent', what, `${key}: ${answer[key]}`);
        }
      },
    });
    return book.tally;
  },
};

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
