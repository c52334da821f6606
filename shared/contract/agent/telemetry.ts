/** What an agent reports about its machine. */
import * as z from 'zod/mini';
import type { GpuReading, HostReading } from '../../models/telemetry.ts';
import { listOf, orDefault, orNull, word } from './lenient.ts';

/** Facts that rarely change. */
export const machineSchema = z.object({
  hostname: orDefault(word, ''),
  /** Changes with each boot of the machine, and only then. */
  bootId: word.check(z.minLength(1)),
  interfaces: orDefault(
    listOf(
      z.object({
        name: word,
        mac: word,
        address: word,
        netmask: word,
        /** The broadcast address of its network; null if there is none. */
        broadcast: orNull(word),
        /** Whether a magic packet wakes the machine through it; null if the system does not report it. */
        wakeArmed: orNull(z.boolean()),
      }),
      200,
    ),
    [],
  ),
  ollama: z.object({
    answers: z.boolean(),
    version: orNull(word),
    /** Milliseconds since the epoch; null if the system does not report it. */
    startedAt: orNull(z.number()),
    /** Whether Ollama found a GPU when it started; null if neither its log nor a loaded model shows it. */
    gpuFound: orNull(z.boolean()),
    /** How often it was restarted since the agent started; null from an older agent, and where that is not noticed. */
    restarts: orNull(z.number()),
  }),
});

export interface AgentGpuProcess {
  pid: number;
  name: string;
  /** null if the driver does not report it. */
  vramUsedBytes: number | null;
  /** The process that started it; left out if the system does not report it, and by an older agent. */
  parent?: {
    pid: number;
    /** Its program without the folder; null if that process has ended. */
    name: string | null;
  };
}

/**
 * One moment of the machine. It arrives once a second, so it is read by hand, without a schema
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
  /** Whether the list is complete: a tool that has not printed anything yet, or that fails, may know of more. */
  gpusRead: 'all' | 'not-yet' | 'failed';
  /** Sentences: a tool that hangs, fails or prints an error. */
  problems: string[];
}

export const telemetrySchema = z.object({ machine: machineSchema, sample: z.custom<AgentSampleMessage>() });

/** The events of the stream. */
export interface AgentEvents {
  /** At the start, and whenever it changes. */
  machine: z.input<typeof machineSchema>;
  /** Once a second. */
  sample: AgentSampleMessage;
  /** Leases, policies or a power action have changed; a listener may ask for the details. */
  news: Record<string, never>;
}
export type AgentEventName = keyof AgentEvents;
