/** Pushes one sample a second to each subscriber; without subscribers nothing is read. */
import type { ServerResponse } from 'node:http';
import type { AgentEventName, AgentEvents } from '../../../shared/contract/agent/telemetry.ts';
import { agentApi, agentStream } from '../../../shared/contract/agent.ts';
import type { AgentHost, Clock, TelemetrySource, Timer } from '../../adapters/agent-host/types.ts';
import { AgentError, errorText } from '../errors.ts';
import { ok, type Route, serve } from '../http/route.ts';

export interface TelemetryOptions {
  clock: Clock;
  host: Pick<AgentHost, 'openTelemetry'>;
  log(message: string): void;
  maxSubscribers?: number;
}

const SAMPLE_MS = 1000;
const MACHINE_MS = 60_000;
/** Bytes. A slow subscriber misses samples instead of filling the memory. */
const MAX_WAITING_BYTES = 256 * 1024;
/** The tools start with the first subscriber and linger after the last one, which may only be reconnecting. */
const LINGER_MS = 5000;

export function createTelemetry({ clock, host, log, maxSubscribers = 16 }: TelemetryOptions) {
  const subscribers = new Set<ServerResponse>();
  let source: TelemetrySource | null = null;
  let machine: { at: number; text: string } | null = null;
  const stopAbort = new AbortController();
  let timer: Timer | null = null;
  let users = 0;
  /** Grows when the first subscriber comes; a tick of an earlier round stops itself. */
  let round = 0;

  function take(): TelemetrySource {
    users += 1;
    source ??= host.openTelemetry();
    return source;
  }

  function give(): void {
    users -= 1;
    if (users > 0 || stopAbort.signal.aborted) return;
    const opened = source;
    clock.timer(LINGER_MS, () => {
      if (users > 0 || source !== opened) return;
      closeSource();
    });
  }

  function closeSource(): void {
    source?.close();
    source = null;
    machine = null;
  }

  function push(event: AgentEventName, text: string, to: Iterable<ServerResponse>): void {
    const frame = `event: ${event}\ndata: ${text}\n\n`;
    for (const response of to) {
      if (response.writableLength <= MAX_WAITING_BYTES) response.write(frame);
    }
  }

  async function tick(own: number): Promise<void> {
    const began = clock.monotonic();
    const from = source;
    const { signal } = stopAbort;
    if (from === null || subscribers.size === 0) return;
    try {
      const isOld = machine === null || clock.monotonic() - machine.at >= MACHINE_MS;
      if (isOld || from.machineChanged?.()) {
        const facts = textOf('machine', await from.machine(signal));
        const changed = machine?.text !== facts;
        machine = { at: clock.monotonic(), text: facts };
        if (changed) push('machine', facts, subscribers);
      }
      push('sample', textOf('sample', await from.read(signal)), subscribers);
    } catch (error) {
      if (signal.aborted) return;
      log(`telemetry: ${errorText(error)}`);
    }
    if (subscribers.size > 0 && !signal.aborted && own === round) {
      timer = clock.timer(Math.max(0, SAMPLE_MS - (clock.monotonic() - began)), () => void tick(own));
    }
  }

  function subscribe(response: ServerResponse): () => void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.flushHeaders();
    take();
    if (machine !== null) push('machine', machine.text, [response]);
    subscribers.add(response);
    if (subscribers.size === 1) {
      timer?.cancel();
      round += 1;
      void tick(round);
    }
    return () => {
      if (!subscribers.delete(response)) return;
      if (subscribers.size === 0) timer?.cancel();
      give();
    };
  }

  const routes: Route[] = [
    serve(agentApi.telemetry, async () => {
      const from = take();
      try {
        const { signal } = stopAbort;
        return ok({ machine: await from.machine(signal), sample: await from.read(signal) });
      } finally {
        give();
      }
    }),
    {
      ...agentStream,
      handle() {
        if (subscribers.size >= maxSubscribers) throw new AgentError('TOO_MANY_SUBSCRIBERS');
        return { stream: subscribe };
      },
    },
  ];

  return {
    routes,
    subscribers: () => subscribers.size,
    /** Leases, policies or a power action have changed; subscribers may fetch the new state. */
    news: () => push('news', textOf('news', {}), subscribers),
    stop() {
      stopAbort.abort();
      timer?.cancel();
      for (const response of subscribers) response.end();
      closeSource();
    },
  };
}

const textOf = <Name extends AgentEventName>(_: Name, data: AgentEvents[Name]) => JSON.stringify(data);
