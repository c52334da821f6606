import type { StreamName, StreamValue } from '../../../shared/contract/streams.ts';
import { createTopic, type Topic, type TopicOptions } from './topic.ts';

export type Streams = { readonly [Name in StreamName]: Topic<StreamValue<Name>> };

/** One topic per stream of the contract. Telemetry and work are sent once a second, the rest twice. */
export function createStreams({ clock, epoch, log }: Omit<TopicOptions, 'coalesceMs'>): Streams {
  const fast = { clock, epoch, log, coalesceMs: 500 };
  const slow = { clock, epoch, log, coalesceMs: 1000 };
  return {
    core: createTopic(fast),
    fleet: createTopic(fast),
    wake: createTopic(fast),
    power: createTopic(fast),
    discovery: createTopic(fast),
    checks: createTopic(fast),
    telemetry: createTopic(slow),
    work: createTopic(slow),
    optimizer: createTopic(fast),
    moves: createTopic(fast),
    pulls: createTopic(fast),
    sources: createTopic(fast),
    jobs: createTopic(fast),
    remoteIndexes: createTopic(fast),
    embedders: createTopic(fast),
    activity: createTopic(fast),
    settings: createTopic(fast),
    requests: createTopic(fast),
    queues: createTopic(slow),
    tasks: createTopic(fast),
    taskWorkers: createTopic(fast),
    taskQueues: createTopic(fast),
    gateway: createTopic(fast),
    runners: createTopic(fast),
    immich: createTopic(fast),
    agentUpdates: createTopic(fast),
    updates: createTopic(fast),
    access: createTopic(fast),
  };
}
