/** The work that other programs queue, and what it leaves on the disk. */
import type { ActivityService } from './activity/service.ts';
import type { LeasesService } from './leases/service.ts';
import type { Ports } from './ports/all.ts';
import type { Store } from './ports/state.ts';
import type { StatusService } from './status/service.ts';
import { createStorageService, type StorageService } from './storage/service.ts';
import type { TasksService } from './tasks/model.ts';
import { createTasksService, type TasksDependencies } from './tasks/service.ts';
import type { WakeService } from './wake/service.ts';

export function createQueuedWork({
  ports,
  wake,
  leases,
  status,
  ...services
}: Pick<
  TasksDependencies,
  'streams' | 'settings' | 'fleet' | 'agents' | 'indexing' | 'telemetry' | 'access' | 'gateway' | 'runners'
> & {
  ports: Ports;
  store: Store;
  activity: ActivityService;
  wake: WakeService;
  leases: Pick<LeasesService, 'ledger'>;
  status: StatusService;
}): { tasks: TasksService; storage: StorageService } {
  const tasks = createTasksService({
    ...{ ...ports, ...services, leases: leases.ledger, wakes: wake },
    notices: { add: status.addNotice, remove: status.removeNotice },
  });
  const { clock, random, log, storageMeter, taskFiles } = ports;
  return {
    tasks,
    storage: createStorageService({
      ...{ ...services, clock, random, log, tasks, meter: storageMeter, taskFiles },
    }),
  };
}
