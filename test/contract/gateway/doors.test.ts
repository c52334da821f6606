/** Every request gets the same answer directly and through the gateway, but for ids, times and what is documented. */
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { type ListedGateway, openGateway } from '../../fakes/listed-gateway.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';
import { notCompared } from '../ollama-recordings/not-compared.ts';
import { openExchange } from '../ollama-recordings/raw-http.ts';
import {
  type RecordedRequest,
  type Recording,
  readRecordings,
  restored,
} from '../ollama-recordings/recordings.ts';
import { before, plays } from '../ollama-recordings/scripts.ts';
import { inOrder, modelsOf, sessions } from '../ollama-recordings/sessions.ts';
import { createWorld, type World } from '../ollama-recordings/world.ts';
import { compareDoors } from './compare-doors.ts';
import { documented } from './documented.ts';
import { ownCases } from './own-cases.ts';

const folder = sharedFolder('ollama-recordings');

interface Case {
  key: string;
  request: RecordedRequest;
}

/** Two servers that are alike, one of them behind the gateway. */
async function openDoors(create: () => Promise<World>) {
  await using stack = new AsyncDisposableStack();
  const direct = stack.use(await create());
  const behind = stack.use(await create());
  const opening = openGateway([{ id: 'tower', url: `http://127.0.0.1:${behind.port}` }]);
  const gateway: ListedGateway = stack.use(await behind.settle(opening));
  const kept = stack.move();
  return { direct, behind, gateway, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const isListing = ({ method, path }: RecordedRequest) =>
  method !== 'POST' && /^\/(?:api\/(?:tags|ps)|v1\/models)/.test(path);

/** After it the core checks the node. */
const isManaging = ({ path }: RecordedRequest) => /^\/api\/(?:copy|create|delete|pull)$/.test(path);

async function differencesOf(cases: readonly Case[], create: () => Promise<World>) {
  await using doors = await openDoors(create);
  const { direct, behind, gateway } = doors;
  const different: Record<string, string[]> = {};
  let changed = false;
  for (const { key, request } of cases) {
    for (const world of [direct, behind]) await before[key]?.(world);
    if (isListing(request) || changed) await behind.settle(gateway.refresh());
    changed = isManaging(request);
    const asked = { ...request, ...('body' in request && { body: restored(request.body) }) };
    const one = await direct.ask(asked);
    const other = await behind.settle(openExchange(gateway.port, asked).response);
    const differences = compareDoors(one, other, { fromTable: isListing(request) });
    if (differences.length > 0) different[key] = differences;
  }
  return different;
}

function expectOnlyDocumented(different: Record<string, string[]>, cases: readonly Case[]): void {
  const unexpected = Object.entries(different).filter(([key]) => documented[key] === undefined);
  expect(Object.fromEntries(unexpected)).toEqual({});
  const same = cases.filter(({ key }) => documented[key] !== undefined && different[key] === undefined);
  expect(same.map(({ key }) => key)).toEqual([]);
}

const limits = { timeout: 120_000 };

describe('the same answer directly and through the gateway', () => {
  it(`to ${ownCases.length} requests of every dialect`, limits, async () => {
    const cases = ownCases.map(([key, request]) => ({ key, request }));
    const models = [CATALOGUE.llama32, CATALOGUE.allMiniLm];
    const different = await differencesOf(cases, () => createWorld({ models, utcOffsetMinutes: 60 }));
    expectOnlyDocumented(different, cases);
  });

  describe.skipIf(folder === null)('as recorded of a real Ollama (skipped without ../shared)', () => {
    const recordings = folder === null ? new Map<string, Recording[]>() : readRecordings(folder);
    /** Those that are one exchange. */
    const exchanges = (files: readonly string[]): Case[] =>
      inOrder(files, recordings).flatMap(({ key, request, response }) =>
        request && response && plays[key] === undefined && notCompared[key] === undefined
          ? [{ key, request }]
          : [],
      );

    it.each(sessions)('$name', limits, async ({ files, create }) => {
      const cases = exchanges(files);
      const different = await differencesOf(cases, () => create(modelsOf(recordings)));
      expectOnlyDocumented(different, cases);
    });

    it('names no difference of a request that does not exist', () => {
      const keys = new Set([
        ...ownCases.map(([key]) => key),
        ...sessions.flatMap(({ files }) => exchanges(files).map(({ key }) => key)),
      ]);
      expect(Object.keys(documented).filter((key) => !keys.has(key))).toEqual([]);
    });
  });
});
