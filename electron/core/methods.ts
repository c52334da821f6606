/** The handlers of all domains: one for each method of the contract. */
import { accessMethods } from './access/methods.ts';
import { activityMethods } from './activity/methods.ts';
import { agentUpdateMethods } from './agent-updates/methods.ts';
import type { AgentUpdatesService } from './agent-updates/service.ts';
import { agentMethods } from './agents/methods.ts';
import type { CoreServices } from './core.ts';
import { checkMethods } from './diagnosis/methods.ts';
import { discoveryMethods } from './discovery/methods.ts';
import { energyMethods } from './energy/methods.ts';
import type { PowerHistory } from './energy/power-history.ts';
import { fleetMethods } from './fleet/methods.ts';
import { gatewayMethods } from './gateway/methods.ts';
import { immichMethods } from './immich/methods.ts';
import { indexingMethods } from './indexing/methods.ts';
import { leaseMethods } from './leases/methods.ts';
import { libraryMethods } from './library/methods.ts';
import type { LibraryService } from './library/model.ts';
import { notificationMethods } from './notifications/methods.ts';
import type { NotificationsService } from './notifications/service.ts';
import { optimizerMethods, placementMethods } from './placement/methods.ts';
import type { PanelNetwork } from './ports/panel-network.ts';
import type { Clock } from './ports/time.ts';
import { remoteIndexMethods } from './remote-index/methods.ts';
import { requestMethods } from './requests/methods.ts';
import { runnerMethods } from './runner/methods.ts';
import type { Handlers } from './runtime/handlers.ts';
import { settingsMethods } from './settings/methods.ts';
import { shutdownMethods } from './shutdown/methods.ts';
import { statusMethods } from './status/service.ts';
import { storageMethods } from './storage/methods.ts';
import type { StorageService } from './storage/service.ts';
import { taskMethods } from './tasks/methods.ts';
import { telemetryMethods } from './telemetry/methods.ts';
import { transferMethods } from './transfer/methods.ts';
import type { TransferService } from './transfer/service.ts';
import { updateMethods } from './updates/methods.ts';
import type { UpdatesService } from './updates/service.ts';
import { wakeMethods } from './wake/methods.ts';

export type HandledServices = CoreServices & {
  agentUpdates: AgentUpdatesService;
  history: PowerHistory;
  library: LibraryService;
  transfer: TransferService;
  storage: StorageService;
  notifications: NotificationsService;
  updates: UpdatesService;
  panelNetwork: PanelNetwork;
  clock: Clock;
};

export function createHandlers(services: HandledServices): Handlers {
  const {
    access,
    activity,
    agentInstall,
    agentUpdates,
    agents,
    checks,
    clock,
    discovery,
    fleet,
    gateway,
    immich,
    history,
    indexing,
    leases,
    library,
    notifications,
    optimizer,
    panelNetwork,
    placement,
    remoteIndexes,
    runners,
    requests,
    settings,
    shutdown,
    status,
    storage,
    tasks,
    telemetry,
    transfer,
    updates,
    wake,
  } = services;
  return {
    ...statusMethods({ status }),
    ...fleetMethods({ service: fleet }),
    ...agentMethods({ agents }),
    ...agentUpdateMethods({ agentUpdates, agentInstall }),
    ...wakeMethods({ wake }),
    ...leaseMethods({ leases }),
    ...shutdownMethods({ shutdown }),
    ...energyMethods({ history }),
    ...placementMethods({ placement }),
    ...libraryMethods({ library }),
    ...optimizerMethods({ optimizer, placement }),
    ...indexingMethods({ indexing }),
    ...remoteIndexMethods({ remoteIndexes }),
    ...gatewayMethods({ gateway }),
    ...immichMethods({ immich }),
    ...runnerMethods({ runners, clock }),
    ...requestMethods({ requests }),
    ...taskMethods({ tasks }),
    ...storageMethods({ storage }),
    ...telemetryMethods({ telemetry }),
    ...discoveryMethods({ discovery }),
    ...checkMethods({ checks }),
    ...activityMethods({ activity }),
    ...settingsMethods({ settings }),
    ...notificationMethods({ notifications }),
    ...accessMethods({ access, network: panelNetwork }),
    ...transferMethods({ transfer }),
    ...updateMethods({ updates }),
  };
}
