/**
 * A priority model falls to the CPU while the gateway sends traffic for it: how soon that is noticed, how soon it is back
 * on the GPU, and whether a request is dropped. Each round has a real core with its gateway's process, and a simulated
 * machine in this process, checked as often as by default. Another program's load with `num_gpu: 0` makes the model fall.
 * A model must have been in one place for three checks before it is moved: the time until it is back contains that. The
 * optimizer's own interval is far longer than a round, so a move never comes from a regular check.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { openGatewayWorld } from '../fakes/gateway-world.ts';
import { atMost, type Benchmark, reported } from './benchmark.ts';
import { median } from './gateway/rounds.ts';

const MODEL = 'llama3.1:8b';
const CLIENTS = 8;
const ROUNDS = 3;
const LONGEST_ROUND_MS = 40_000;
const LOOK_INTERVAL_MS = 5000;
/** Between two requests of a client. A server that is never idle never reloads a model. */
const THINK_MS = 400;

async function measure(benchmarkSignal: AbortSignal) {
  const signal = AbortSignal.any([benchmarkSignal, AbortSignal.timeout(2 * LONGEST_ROUND_MS)]);
  await using world = await openGatewayWorld();
  const { services } = world.host.core;
  services.settings.update({
    fleet: { lookIntervalMs: LOOK_INTERVAL_MS },
    optimizer: { on: true, intervalMs: 600_000, priorityModels: [MODEL] },
  });
  const tower = world.fleet.machines.find(({ id }) => id === 'tower');
  const request = (url: string, options: object) =>
    fetch(`${url}/api/generate`, {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, prompt: 'hi', options: { num_predict: 20, ...options } }),
      signal,
    });
  const placed = (placement: string) =>
    Promise.race([
      world.untilNode('tower', ({ loaded }) =>
        loaded.some((model) => model.name === MODEL && model.placement === placement),
      ),
      wait(LONGEST_ROUND_MS, undefined, { signal }).then(() => {
        throw new Error(`The model is not on the ${placement} after ${LONGEST_ROUND_MS / 1000} s.`);
      }),
    ]);
  await world.untilNode('tower', ({ installed }) => installed.length > 0);
  let dropped = 0;
  let answered = 0;
  let isOn = true;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (isOn) {
      const isWhole = await request(world.url, {})
        .then(async (response) => response.ok && (await response.text()).includes('"done":true'))
        .catch(() => false);
      if (isWhole) answered += 1;
      else dropped += 1;
      await wait(THINK_MS);
    }
  });
  try {
    await placed('gpu');
    const now = () => performance.now();
    const [noticedAt, fellAt] = await Promise.all([
      placed('cpu').then(now),
      request(tower?.url ?? '', { num_gpu: 0, num_predict: 1 })
        .then((response) => response.text())
        .then(now),
    ]);
    const noticedMs = Math.max(0, noticedAt - fellAt);
    await placed('gpu');
    const backMs = performance.now() - fellAt;
    isOn = false;
    await Promise.all(clients);
    return { noticedMs, backMs, dropped, answered };
  } finally {
    isOn = false;
    await Promise.all(clients);
  }
}

export const benchmark: Benchmark = {
  name: 'back-to-gpu',
  async run({ signal, note }) {
    const rounds: Awaited<ReturnType<typeof measure>>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      signal.throwIfAborted();
      const measured = await measure(signal);
      note(
        `noticed after ${Math.round(measured.noticedMs)} ms, back after ${Math.round(measured.backMs)} ms`,
      );
      rounds.push(measured);
    }
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    return [
      atMost(
        'back-to-gpu: until it is noticed, longest',
        Math.max(...rounds.map(({ noticedMs }) => noticedMs)),
        'ms',
        5000,
      ),
      atMost('back-to-gpu: requests dropped', sum(rounds.map(({ dropped }) => dropped)), '', 0),
      atMost(
        'back-to-gpu: until it is on the GPU again, longest',
        Math.max(...rounds.map(({ backMs }) => backMs)),
        'ms',
        LONGEST_ROUND_MS,
      ),
      reported('back-to-gpu: the same, median', median(rounds.map(({ backMs }) => backMs)), 'ms'),
      reported('back-to-gpu: requests answered', sum(rounds.map(({ answered }) => answered)), ''),
    ];
  },
};
