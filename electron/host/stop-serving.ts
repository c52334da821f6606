/** How a host stops what it serves. */
import { settledWithin } from '../../shared/settled-within.ts';
import type { Log } from '../core/ports/log.ts';
import type { Clock } from '../core/ports/time.ts';
import type { Dispatcher } from '../transport/dispatcher.ts';
import type { HttpServer } from '../transport/http/server.ts';
import type { TaskRoutes } from '../transport/http/tasks/routes.ts';
import type { HostPanelNetwork } from './panel-network.ts';

/** Refuse work → end streams → abort and drain what runs → close the server. The core stops after it. */
export async function stopServing(parts: {
  dispatcher: Dispatcher;
  taskRoutes: TaskRoutes;
  server: HttpServer;
  panelNetwork: Pick<HostPanelNetwork, 'endStreams'>;
  deadlineMs: number;
  clock: Clock;
  log: Log;
}): Promise<void> {
  const { dispatcher, taskRoutes, server, panelNetwork, deadlineMs, clock, log } = parts;
  dispatcher.refuse();
  taskRoutes.stop();
  server.links.endStreams();
  panelNetwork.endStreams();
  dispatcher.abort();
  await within(deadlineMs, dispatcher.drained(), { clock, log });
  await server.close(500);
}

/** Waits for `work`, but no longer than the deadline. */
export async function within(
  deadlineMs: number,
  work: Promise<void>,
  { clock, log }: { clock: Clock; log: Log },
): Promise<void> {
  if (await settledWithin(clock, deadlineMs, work)) return work;
  log.warn('A part did not stop in time and was cut off.', { deadlineMs });
}
