/**
 * SIGKILL of the runner's inference process under load, 50 times, and 100,000 requests: none may be lost, and memory may
 * not grow. Needs ../shared/models. `node test/torture/kill-inference.ts [--kills 50] [--requests 100000]`
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createTestRunner } from '../fakes/open-runner.ts';
import { sharedFolder } from '../fakes/shared-folder.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, requests: { type: 'string', default: '100000' } },
});
const CLIENTS = 8;
const model = sharedFolder('models/all-minilm-l6-v2');
if (model === null) throw new Error('../shared/models is missing.');

const runner = createTestRunner();
const { pid } = await runner.open();
await runner.ask('POST', '/runner/models', { path: model, name: 'minilm', precision: 'int8' });

let answered = 0;
let lost = 0;
let done = false;
async function client(most: () => boolean): Promise<void> {
  while (most()) {
    const { status } = await runner
      .ask('POST', '/v1/embeddings', { model: 'minilm', input: ['a lamp', 'on a table', 'near the window'] })
      .catch(() => ({ status: 0 }));
    answered += 1;
    if (status !== 200) lost += 1;
  }
}
const memory = async () => (await runner.ask('GET', '/runner/status')).body.memoryBytes as number;

async function untilAnswered(count: number): Promise<void> {
  const goal = answered + count;
  while (answered < goal) await new Promise((resolve) => setTimeout(resolve, 10));
}

const clients = Array.from({ length: CLIENTS }, () => client(() => !done));
let killed = 0;
let slowest = 0;
while (killed < Number(values.kills)) {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  if (child > 0) {
    const at = performance.now();
    process.kill(child, 'SIGKILL');
    killed += 1;
    await untilAnswered(CLIENTS + 1);
    slowest = Math.max(slowest, performance.now() - at);
  }
  await untilAnswered(20);
}
done = true;
await Promise.all(clients);
console.log(
  `${killed} kills, ${answered} requests, ${lost} lost, back after ${Math.round(slowest)} ms at most`,
);

answered = 0;
await Promise.all(Array.from({ length: CLIENTS }, () => client(() => answered < 1000)));
const before = await memory();
const all = Number(values.requests);
await Promise.all(Array.from({ length: CLIENTS }, () => client(() => answered < all)));
const after = await memory();
const growth = ((after - before) / before) * 100;
console.log(
  `${answered} requests, ${lost} lost, memory ${growth.toFixed(1)} % more than after the first thousand`,
);
await runner.close();
process.exit(lost === 0 && growth <= 5 ? 0 : 1);
