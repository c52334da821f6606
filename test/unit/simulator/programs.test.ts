import { expect, test } from 'vitest';
import { createPrograms } from '../../../electron/simulator/programs.ts';
import { createFakeClock } from '../../fakes/clock.ts';

interface Asked {
  url: string;
  program: string;
  model: string;
}

function start(gatewayUrl: () => string | null = () => 'http://127.0.0.1:9') {
  const clock = createFakeClock();
  const asked: Asked[] = [];
  const programs = createPrograms({
    clock,
    gatewayUrl,
    random: () => 0.5,
    fetch: async (url, init) => {
      const headers = init?.headers as Record<string, string>;
      const { model } = JSON.parse(String(init?.body)) as { model: string };
      asked.push({ url: String(url), program: headers['user-agent'] ?? '', model });
      return new Response('{}');
    },
  });
  return { clock, asked, programs };
}

const models = { chat: ['llama3.1:8b'], embed: ['all-minilm:latest'] };

test('programs ask for models of their kind, again and again, until they are switched off', async () => {
  const { clock, asked, programs } = start();
  programs.set('nas', models, true);
  programs.set('nas', models, true);
  await clock.advance(15_000);
  expect(new Set(asked.map(({ program }) => program)).size).toBe(4);
  for (const { url, model } of asked)
    expect(model).toBe(url.endsWith('/api/embed') ? models.embed[0] : models.chat[0]);
  // One every three seconds, and not twice as many although it was switched on twice.
  expect(asked.filter(({ url }) => url.endsWith('/api/embed'))).toHaveLength(5);
  programs.set('nas', models, false);
  const until = asked.length;
  await clock.advance(60_000);
  expect(asked).toHaveLength(until);
});

test('nothing is sent without a gateway, and no model is asked for that the machine lacks', async () => {
  let url: string | null = null;
  const { clock, asked, programs } = start(() => url);
  programs.set('nas', { chat: [], embed: ['all-minilm:latest'] }, true);
  await clock.advance(30_000);
  expect(asked).toEqual([]);
  url = 'http://127.0.0.1:9';
  await clock.advance(30_000);
  expect(new Set(asked.map(({ model }) => model))).toEqual(new Set(['all-minilm:latest']));
  await programs.stop();
});
