/**
 * What an agent makes of its folder, on a made-up machine with a clock that is moved on for a day. As a program:
 * answers each `{folder}` with an AgentContent.
 */
import { startAgent } from '../../electron/agent/agent.ts';
import { readConfig } from '../../electron/agent/config.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMachine } from '../integration/agent/world.ts';

export interface AgentContent {
  /** Why it did not start; null where it did. */
  failed: string | null;
  leases: number;
  policies: number;
  id: string;
  token: string;
  /** Lines of its log while it started. */
  said: string[];
  /** Programs that it ran: a power-off is one. */
  ran: string[];
}

const IDLE_MS = 5 * 60_000;
const STEP_MS = 5000;

export async function openAgent(folder: string) {
  const clock = createFakeClock();
  const { machine, host } = createMachine(clock);
  const said: string[] = [];
  const agent = await startAgent({
    config: readConfig({
      flags: {},
      environment: {},
      file: {
        path: 'test',
        content: { role: ['power', 'telemetry'], port: 0, bind: '127.0.0.1' },
        privately: true,
      },
    }),
    folder,
    clock,
    host,
    udp: { send: async () => {}, magicPacket: () => new Uint8Array(102) },
    interfaces: () => [],
    reachable: async () => true,
    post: async () => 204,
    version: '1.2.3',
    log: (line) => said.push(line),
  });
  const base = `http://127.0.0.1:${agent.listening[0]?.port}`;
  return { agent, clock, machine, said, base };
}

export async function readAgent(folder: string, readToken: () => string): Promise<AgentContent> {
  const content: AgentContent = {
    failed: null,
    leases: 0,
    policies: 0,
    id: '',
    token: '',
    said: [],
    ran: [],
  };
  try {
    const { agent, clock, machine, said, base } = await openAgent(folder);
    try {
      content.token = readToken();
      content.id = agent.id;
      const get = async (path: string) =>
        (await (
          await fetch(`${base}${path}`, {
            headers: { connection: 'close', authorization: `Bearer ${content.token}` },
          })
        ).json()) as Record<string, unknown[]>;
      content.leases = (await get('/v1/leases')).leases?.length ?? 0;
      content.policies = (await get('/v1/policy')).policies?.length ?? 0;
      content.said = [...said];
      for (let passed = 0; passed < IDLE_MS; passed += STEP_MS) await clock.advance(STEP_MS);
      content.ran = machine.ran;
    } finally {
      await agent.stop();
    }
  } catch (error) {
    content.failed = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  }
  return content;
}

if (process.send !== undefined) {
  const { readFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  process.on('message', ({ folder }: { folder: string }) => {
    readAgent(folder, () => readFileSync(join(folder, 'token'), 'utf8').trim()).then((content) =>
      process.send?.(content),
    );
  });
}
