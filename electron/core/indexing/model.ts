/** What the indexing domain needs from others, narrowed to what it calls. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { AcquireService } from '../acquire/model.ts';
import type { ActivityService } from '../activity/service.ts';
import type { Folders } from '../ports/local-machine.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Secrets, Store } from '../ports/state.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import type { VectorStore } from '../ports/vectors.ts';
import type { RunnersService } from '../runner/model.ts';
import type { Streams } from '../runtime/streams.ts';
import type { StoredText } from './places.ts';

export interface IndexingFleet {
  list(): NodeView[];
  get(nodeId: string): NodeView | null;
  /** Called after every change of a node; `node` is null when it was removed. Returns a function that stops it. */
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  /** Something changed there: probe it now. */
  probeSoon(nodeId: string): void;
  /** A server was restarted while its node stayed up. Returns how to stop. */
  onRestart(listener: (nodeId: string) => void): () => void;
  /** Somebody waits for a change of this node, until disposed. */
  probeOften(nodeId: string): Disposable;
}

export interface IndexingTelemetry {
  recordVectors(nodeId: string, count: number): void;
  /** So many passages wait for their vectors from now on. */
  recordQueue(kind: 'indexing', waiting: number): void;
}

export interface IndexingDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  store: Pick<Store, 'sources' | 'jobs'>;
  secrets: Pick<Secrets, 'get' | 'change'>;
  vectors: VectorStore;
  folders: Folders;
  http: Http;
  fleet: IndexingFleet;
  /** The only way to a server. */
  acquire: Pick<AcquireService, 'acquire'>;
  /** The same for the ONNX runners. */
  runners: Pick<RunnersService, 'need'> & {
    fleet: IndexingFleet & Pick<RunnersService['fleet'], 'status'>;
    acquire: Pick<AcquireService, 'acquire'>;
  };
  telemetry: IndexingTelemetry;
  settings: { current(): Settings };
  /** What is known of the file of an ingested text; null if it must not be found. @param path relative to its source */
  ingestedText(path: string): StoredText | null;
  activity: Pick<ActivityService, 'record'>;
  streams: Pick<Streams, 'sources' | 'jobs' | 'embedders'>;
}
