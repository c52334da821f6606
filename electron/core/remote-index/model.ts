/** What indexes on other servers need from the rest of core. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { RemoteIndexView, RemoteTest } from '../../../shared/models/remote-index.ts';
import type { AcquireLeases, AcquireWakes } from '../acquire/model.ts';
import type { ActivityService } from '../activity/service.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Secrets, Store } from '../ports/state.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';

export interface RemoteIndexDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  http: Http;
  store: Pick<Store, 'remoteIndexes'>;
  secrets: Pick<Secrets, 'get' | 'change'>;
  streams: Pick<Streams, 'remoteIndexes'>;
  activity: Pick<ActivityService, 'record'>;
  fleet: { get(nodeId: string): NodeView | null };
  leases: AcquireLeases;
  wakes: AcquireWakes;
}

export interface NewRemoteIndex {
  url: string;
  name?: string | undefined;
  key: string | null;
  vault: string;
  nodeIds: readonly string[];
  useGpu: boolean;
}

export interface RemoteIndexChange {
  remoteId: string;
  url?: string | undefined;
  name?: string | undefined;
  /** null removes it. */
  key?: string | null | undefined;
  vault?: string | undefined;
  nodeIds?: readonly string[] | undefined;
  useGpu?: boolean | undefined;
}

export interface RemoteIndexService {
  list(): RemoteIndexView[];
  /** Throws BAD_URL, ALREADY_EXISTS, NOT_FOUND for a node. */
  add(remote: NewRemoteIndex): RemoteIndexView;
  /** Throws NOT_FOUND, BAD_URL, ALREADY_EXISTS, JOB_RUNNING. */
  update(change: RemoteIndexChange): RemoteIndexView;
  /** Throws NOT_FOUND, JOB_RUNNING. */
  remove(remoteId: string): void;
  test(
    server: { url: string; key: string | null; remoteId: string | null },
    signal: AbortSignal,
  ): Promise<RemoteTest>;
  /** Throws NOT_FOUND, JOB_RUNNING. */
  startRun(how: { remoteId: string; full: boolean; rebuild: boolean }): RemoteIndexView;
  /** Throws NOT_FOUND; JOB_RUNNING if it should be forgotten although the server answers. */
  cancelRun(request: { remoteId: string; forget: boolean }): RemoteIndexView;
  /** Follows the runs that were in progress when the process ended, unless `resume` is false. */
  start(options: { resume: boolean }): void;
  /** Runs go on at their servers and are followed again after the next start. */
  stop(): Promise<void>;
}
