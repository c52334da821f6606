/**
 * Machines that sleep until a magic packet comes, then boot, then serve, in a process of their own. Prints where they
 * are, and for each boot when its server first listened, when it gave its first healthy answer, and when it was first
 * asked to generate: nanoseconds of the clock that all processes of this computer share. Each lists a model of its own.
 * A line on its input with a number puts that machine to sleep.
 */
import dgram from 'node:dgram';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

const count = Number(process.argv[2]);
const usualBootMs = Number(process.argv[3]);
/** A boot is up to a tenth shorter or longer than usual. */
const SPREAD = 0.1;

const now = () => process.hrtime.bigint().toString();
const say = (line: object) => console.log(JSON.stringify(line));

const answersOf = (index: number): Record<string, object> => ({
  '/api/ps': { models: [] },
  '/api/tags': {
    models: [
      {
        name: `bench-${index}:latest`,
        model: `bench-${index}:latest`,
        modified_at: '2026-11-01T12:00:00+01:00',
        size: 1_000_000_000,
        digest: 'b'.repeat(64),
        details: { family: 'llama', parameter_size: '1B', quantization_level: 'Q4_0' },
        capabilities: ['completion'],
      },
    ],
  },
  '/api/version': { version: '0.33.0' },
  '/api/generate': { model: `bench-${index}:latest`, response: '', done: true },
});

async function createTarget(index: number) {
  const port = await freePort();
  const answers = answersOf(index);
  const socket = dgram.createSocket('udp4');
  let server: Server | null = null;
  let booting = false;

  function boot(): void {
    if (booting || server) return;
    booting = true;
    const bootMs = usualBootMs * (1 - SPREAD + 2 * SPREAD * Math.random());
    setTimeout(() => {
      booting = false;
      let healthyAt: string | null = null;
      let isAsked = false;
      server = createServer((request, response) => {
        const answer = answers[request.url ?? ''];
        if (request.url === '/api/ps' && healthyAt === null) {
          healthyAt = now();
          say({ index, readyAt, healthyAt });
        }
        if (request.url === '/api/generate' && !isAsked) {
          isAsked = true;
          say({ index, askedAt: now() });
        }
        response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer ?? {}));
      });
      let readyAt = '';
      server.listen(port, '127.0.0.1', () => {
        readyAt = now();
      });
    }, bootMs);
  }

  socket.on('message', boot);
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    destination: `127.0.0.1:${socket.address().port}`,
    sleep() {
      server?.closeAllConnections();
      server?.close();
      server = null;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

const targets = await Promise.all(Array.from({ length: count }, (_, index) => createTarget(index)));
say({ targets: targets.map(({ url, destination }) => ({ url, destination })) });
for await (const line of createInterface({ input: process.stdin })) targets[Number(line)]?.sleep();
process.exit(0);
