/** What an agent reports of its machine. */
import * as z from 'zod/mini';
import type { GpuReading, HostReading } from '../../models/telemetry.ts';
import { orNull, word } from './lenient.ts';

/** What changes seldom. */
export const machineSchema = z.object({
  hostname: word,
  /** Changes with each start of the machine, and only then. */
  bootId: word.check(z.minLength(1)),
  interfaces: z
    .array(
      z.object({
        name: word,
        mac: word,
        address: word,
        netmask: word,
        /** The broadcast address of its network; null where there is none. */
        broadcast: orNull(word),
        /** Whether a magic packet wakes the machine through it; null where the system does not say. */
        wakeArmed: orNull(z.boolean()),
      }),
    )
    .check(z.maxLength(200)),
  ollama: z.object({
    answers: z.boolean(),
    version: orNull(word),
    /** Milliseconds since the epoch; null where the system does not say. */
    startedAt: orNull(z.number()),
    /** Whether Ollama found a GPU when it started; null where neither its log nor a loaded model says. */
    gpuFound: orNull(z.boolean()),
  }),
});

export interface AgentGpuProcess {
  pid: number;
  name: string;
  /** null where the driver does not say. */
  vramUsedBytes: number | null;
}

/**
 * One moment of the machine. It comes once a second, so its reader checks it by hand and in place
 * (`adapters/agents/sample.ts`); this is its shape.
 */
export interface AgentSampleMessage {
  /** The agent's wall time. */
  at: number;
  host: HostReading & {
    swapTotalBytes?: number | null;
    swapUsedBytes?: number | null;
    uptimeSeconds?: number;
  };
  gpus: (GpuReading & { processes: AgentGpuProcess[] })[];
  /** Whether these are all: a tool that has not printed anything yet, or that fails, may know of more. */
  gpusRead: 'all' | 'not-yet' | 'failed';
  /** Sentences: a tool that hangs, fails or prints an error. */
  problems: string[];
}

export const telemetrySchema = z.object({ machine: machineSchema, sample: z.custom<AgentSampleMessage>() });

/** What the event stream sends, by event. */
export interface AgentEvents {
  /** When it has changed, and at first. */
  machine: z.input<typeof machineSchema>;
  /** Once a second. */
  sample: AgentSampleMessage;
  /** Leases, policies or a power action have changed: who listens may ask what. */
  news: Record<string, never>;
}
export type AgentEventName = keyof AgentEvents;
