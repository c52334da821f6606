/** A simulated server set up as the recorded one was, on a fake clock. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Environment, GpuDefinition, ModelDefinition } from '../../../electron/simulator/model.ts';
import { createSimulatedOllama, type SimulatedOllama } from '../../../electron/simulator/ollama.ts';
import { createOutsidePrograms } from '../../../electron/simulator/outside.ts';
import { createTelemetry } from '../../../electron/simulator/telemetry.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { openExchange, type RawResponse } from './raw-http.ts';
import { type RecordedRequest, restored } from './recordings.ts';

export interface World extends AsyncDisposable {
  clock: FakeClock;
  ollama: SimulatedOllama;
  /** Of the server, on 127.0.0.1. */
  port: number;
  /** Sends a request as it was recorded, and lets time pass until it is answered. */
  ask(request: RecordedRequest): Promise<RawResponse | null>;
  /** Sends it without waiting: time passes only when the test says so. */
  send(request: RecordedRequest): ReturnType<typeof openExchange>;
  /** Lets time pass until all are answered. */
  settle<Value>(pending: Promise<Value>): Promise<Value>;
  /** As `/api/ps` lists it now. */
  ps(): Promise<Record<string, unknown>[]>;
  /** Process ids of the runners that are loaded. */
  pids(): string;
  memory(): { usedBytes: number; processes: { name: string; vramUsedBytes: number | null }[] };
  /** Another program takes VRAM, MiB; 0 ends it. */
  hold(mebibytes: number): void;
  /** Unloads everything, as the recording's own helper did between two topics. */
  unloadAll(): Promise<void>;
}

export const MIB = 1024 ** 2;
const STEP_MS = 5;

export async function createWorld(setup: {
  models: readonly ModelDefinition[];
  gpus?: readonly GpuDefinition[];
  environment?: Partial<Environment>;
  systemMemoryBytes?: number;
  blobs?: readonly string[];
  utcOffsetMinutes: number;
}): Promise<World> {
  const clock = createFakeClock(Date.UTC(2026, 10, 26, 15, 57, 8));
  const ollama = createSimulatedOllama({
    profile: '0.33',
    clock,
    gpus: [],
    // As fast as the recorded models were: tiny ones, and a runner that starts in a quarter of a second.
    speeds: {
      loadBaseMs: 255,
      loadBytesPerSecond: 20e9,
      gpuTokensPerSecond: 1,
      cpuTokensPerSecond: 1,
      expiryLatencyMs: 1,
    },
    ...setup,
  });
  const telemetry = createTelemetry({
    clock,
    profile: '0.33',
    gpus: setup.gpus ?? [],
    systemMemoryBytes: setup.systemMemoryBytes ?? 32_000_000_000,
    ollama,
  });
  const outside = createOutsidePrograms({ memory: ollama.scheduler.memory });
  const server = createServer(ollama.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const send = (request: RecordedRequest) =>
    openExchange(port, { ...request, ...('body' in request && { body: restored(request.body) }) });

  async function settle<Value>(pending: Promise<Value>): Promise<Value> {
    let done = false;
    const marked = pending.finally(() => {
      done = true;
    });
    marked.catch(() => {});
    while (!done) await clock.advance(STEP_MS);
    return marked;
  }

  const ask = (request: RecordedRequest) => settle(send(request).response);

  return {
    clock,
    ollama,
    port,
    send,
    ask,
    settle,
    async ps() {
      const answer = await ask({ method: 'GET', path: '/api/ps' });
      return (JSON.parse(answer?.text ?? '{}') as { models: Record<string, unknown>[] }).models;
    },
    pids: () =>
      ollama.scheduler
        .runners()
        .map(({ pid }) => pid)
        .sort()
        .join(),
    memory() {
      const [gpu] = telemetry.read().gpus;
      return { usedBytes: gpu?.vramUsedBytes ?? 0, processes: gpu?.processes ?? [] };
    },
    hold: (mebibytes) => outside.hold(mebibytes * MIB, '/opt/python3'),
    async unloadAll() {
      for (const { model } of ollama.scheduler.loaded()) ollama.scheduler.expire(model.blob);
      while (ollama.scheduler.loaded().length > 0) await clock.advance(100);
    },
    async [Symbol.asyncDispose]() {
      ollama.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
