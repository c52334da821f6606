/** Interleaved rounds: each door is measured in each round, so that what else the computer does hits all alike. */
import type { BenchmarkContext } from '../benchmark.ts';
import {
  benchNode,
  type Door,
  type Load,
  startBareProxy,
  startGateway,
  startLoad,
  startNginx,
  startUpstream,
} from './doors.ts';

export interface Doors {
  load: Load;
  doors: readonly Door[];
  find(name: Door['name']): Door | undefined;
}

/** Runs `use` with the upstream, the proxies in front of it, and the clients; ends all of them. */
export async function withDoors<Result>(
  { note }: Pick<BenchmarkContext, 'note'>,
  use: (doors: Doors) => Promise<Result>,
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(await startUpstream());
  const nginx = await startNginx(upstream.port, note);
  if (nginx !== null) stack.use(nginx);
  const bare = stack.use(await startBareProxy(upstream.port));
  const gateway = stack.use(await startGateway([benchNode('bench', upstream.port)]));
  const load = stack.use(startLoad());
  const doors = [upstream, ...(nginx === null ? [] : [nginx]), bare, gateway];
  return await use({ load, doors, find: (name) => doors.find((door) => door.name === name) });
}

/** What was measured at each door, one entry for each round. The first round warms up and does not count. */
export async function measureRounds<Value>(
  { signal, note }: BenchmarkContext,
  { doors }: Pick<Doors, 'doors'>,
  count: number,
  measure: (door: Door) => Promise<Value>,
): Promise<Map<Door['name'], Value[]>> {
  const measured = new Map<Door['name'], Value[]>(doors.map(({ name }) => [name, []]));
  for (let round = 0; round <= count; round += 1) {
    signal.throwIfAborted();
    if (round > 0) note(`round ${round} of ${count}`);
    for (const door of inTurn(doors, round)) {
      const value = await measure(door);
      if (round > 0) measured.get(door.name)?.push(value);
    }
  }
  return measured;
}

/** The same doors, another one first. */
function inTurn<Item>(items: readonly Item[], by: number): Item[] {
  return items.map((_, index) => items[(index + by) % items.length] as Item);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export const rounded = (value: number, digits = 3) => Math.round(value * 10 ** digits) / 10 ** digits;

/** The median over the rounds of one figure at one door; NaN if the door is missing. */
export function medianOf<Value>(
  measured: ReadonlyMap<Door['name'], readonly Value[]>,
  name: Door['name'],
  figure: (value: Value) => number,
): number {
  return median((measured.get(name) ?? []).map(figure));
}

/** The median over the rounds of the quotient of two doors in the same round. */
export function ratioOf<Value>(
  measured: ReadonlyMap<Door['name'], readonly Value[]>,
  name: Door['name'],
  other: Door['name'],
  figure: (value: Value) => number,
): number {
  const others = measured.get(other) ?? [];
  return median(
    (measured.get(name) ?? []).map((value, round) => figure(value) / figure(others[round] as Value)),
  );
}

/** @param sorted ascending */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
