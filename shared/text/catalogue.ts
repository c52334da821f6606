/** Every message that core can make, with its English. */
import { accessMessages } from './messages/access.ts';
import { agentUpdateMessages } from './messages/agent-updates.ts';
import { agentMessages } from './messages/agents.ts';
import { commonMessages } from './messages/common.ts';
import { damageMessages } from './messages/damage.ts';
import { desktopMessages } from './messages/desktop.ts';
import { diagnosisMessages } from './messages/diagnosis.ts';
import { diagnosisAgentMessages } from './messages/diagnosis-agent.ts';
import { diagnosisServerMessages } from './messages/diagnosis-server.ts';
import { diagnosisWakeMessages } from './messages/diagnosis-wake.ts';
import { discoveryMessages } from './messages/discovery.ts';
import { documentMessages } from './messages/documents.ts';
import { energyMessages } from './messages/energy.ts';
import { fleetMessages } from './messages/fleet.ts';
import { gatewayMessages } from './messages/gateway.ts';
import { gatewayHoldingMessages } from './messages/gateway-holding.ts';
import { gatewayRequestMessages } from './messages/gateway-requests.ts';
import { gatewayStateMessages } from './messages/gateway-state.ts';
import { gpuMessages } from './messages/gpu.ts';
import { immichMessages } from './messages/immich.ts';
import { indexingMessages } from './messages/indexing.ts';
import { indexingFileMessages } from './messages/indexing-files.ts';
import { leaseMessages } from './messages/leases.ts';
import { libraryMessages } from './messages/library.ts';
import { loadMessages } from './messages/loads.ts';
import { mediaMessages } from './messages/media.ts';
import { movePreviewMessages } from './messages/move-preview.ts';
import { notificationMessages } from './messages/notifications.ts';
import { optimizerMessages } from './messages/optimizer.ts';
import { ownershipMessages } from './messages/ownership.ts';
import { pictureMessages } from './messages/pictures.ts';
import { placementMessages } from './messages/placement.ts';
import { policyMessages } from './messages/policies.ts';
import { queueMessages } from './messages/queue.ts';
import { rehearsalMessages } from './messages/rehearsal.ts';
import { remoteIndexMessages } from './messages/remote-index.ts';
import { runnerMessages } from './messages/runner.ts';
import { runnerFleetMessages } from './messages/runner-fleet.ts';
import { searchMessages } from './messages/search.ts';
import { secretMessages } from './messages/secrets.ts';
import { settingsMessages } from './messages/settings.ts';
import { shutdownMessages } from './messages/shutdown.ts';
import { stateMessages } from './messages/state.ts';
import { taskRequestMessages } from './messages/task-requests.ts';
import { taskMessages } from './messages/tasks.ts';
import { transferMessages } from './messages/transfer.ts';
import { transferEnvironmentMessages } from './messages/transfer-environment.ts';
import { updateMessages } from './messages/updates.ts';
import { wakeMessages } from './messages/wake.ts';
import { whyOnMessages } from './messages/why-on.ts';
import type { Param, Sentences } from './types.ts';

/** By domain; every code appears once. */
export const domains = {
  access: accessMessages,
  agents: agentMessages,
  agentUpdates: agentUpdateMessages,
  common: commonMessages,
  damage: damageMessages,
  desktop: desktopMessages,
  diagnosis: diagnosisMessages,
  diagnosisAgent: diagnosisAgentMessages,
  diagnosisServer: diagnosisServerMessages,
  diagnosisWake: diagnosisWakeMessages,
  discovery: discoveryMessages,
  documents: documentMessages,
  media: mediaMessages,
  energy: energyMessages,
  fleet: fleetMessages,
  gateway: gatewayMessages,
  gatewayHolding: gatewayHoldingMessages,
  gatewayRequests: gatewayRequestMessages,
  gatewayState: gatewayStateMessages,
  gpu: gpuMessages,
  indexing: indexingMessages,
  remoteIndex: remoteIndexMessages,
  indexingFiles: indexingFileMessages,
  leases: leaseMessages,
  library: libraryMessages,
  loads: loadMessages,
  movePreview: movePreviewMessages,
  notifications: notificationMessages,
  optimizer: optimizerMessages,
  pictures: pictureMessages,
  placement: placementMessages,
  ownership: ownershipMessages,
  policies: policyMessages,
  queue: queueMessages,
  rehearsal: rehearsalMessages,
  runner: runnerMessages,
  runnerFleet: runnerFleetMessages,
  immich: immichMessages,
  search: searchMessages,
  secrets: secretMessages,
  settings: settingsMessages,
  shutdown: shutdownMessages,
  state: stateMessages,
  taskRequests: taskRequestMessages,
  tasks: taskMessages,
  transfer: transferMessages,
  transferEnvironment: transferEnvironmentMessages,
  updates: updateMessages,
  wake: wakeMessages,
  whyOn: whyOnMessages,
} as const satisfies Record<string, Sentences>;

export const catalogue = {
  ...accessMessages,
  ...agentMessages,
  ...agentUpdateMessages,
  ...commonMessages,
  ...damageMessages,
  ...desktopMessages,
  ...diagnosisMessages,
  ...diagnosisAgentMessages,
  ...diagnosisServerMessages,
  ...diagnosisWakeMessages,
  ...discoveryMessages,
  ...documentMessages,
  ...mediaMessages,
  ...energyMessages,
  ...fleetMessages,
  ...gatewayMessages,
  ...gatewayHoldingMessages,
  ...gatewayRequestMessages,
  ...gatewayStateMessages,
  ...gpuMessages,
  ...indexingMessages,
  ...indexingFileMessages,
  ...remoteIndexMessages,
  ...leaseMessages,
  ...libraryMessages,
  ...loadMessages,
  ...movePreviewMessages,
  ...notificationMessages,
  ...optimizerMessages,
  ...pictureMessages,
  ...placementMessages,
  ...ownershipMessages,
  ...policyMessages,
  ...queueMessages,
  ...rehearsalMessages,
  ...runnerMessages,
  ...runnerFleetMessages,
  ...immichMessages,
  ...searchMessages,
  ...secretMessages,
  ...settingsMessages,
  ...shutdownMessages,
  ...stateMessages,
  ...taskRequestMessages,
  ...taskMessages,
  ...transferMessages,
  ...transferEnvironmentMessages,
  ...updateMessages,
  ...wakeMessages,
  ...whyOnMessages,
} as const;

type Catalogue = typeof catalogue;
export type MessageCode = keyof Catalogue;

/** The params of a message; none where its sentence is always the same. */
export type ParamsOf<Code extends MessageCode> =
  Parameters<Catalogue[Code]> extends [infer Params] ? Param<Params> : Record<string, never>;

type Messages = { [Code in MessageCode]: { code: Code; params: ParamsOf<Code> } };

/** The message with this code, looked up: finding it in the union of all messages would cost each call all codes. */
export type MessageOf<Code extends MessageCode> = Messages[Code];

/** Codes whose sentence is always the same. */
type PlainCode = {
  [Code in MessageCode]: Record<string, never> extends ParamsOf<Code> ? Code : never;
}[MessageCode];

/**
 * A fact: what happened, without its text. The plain ones are one member of the union, because TypeScript compares each
 * member with each other one, and gives up at a thousand.
 */
export type Message =
  | { code: PlainCode; params: Record<string, never> }
  | Messages[Exclude<MessageCode, PlainCode>];
