/** Every message that core can make, with its English. */
import { agentMessages } from './messages/agents.ts';
import { commonMessages } from './messages/common.ts';
import { damageMessages } from './messages/damage.ts';
import { desktopMessages } from './messages/desktop.ts';
import { energyMessages } from './messages/energy.ts';
import { fleetMessages } from './messages/fleet.ts';
import { gpuMessages } from './messages/gpu.ts';
import { leaseMessages } from './messages/leases.ts';
import { optimizerMessages } from './messages/optimizer.ts';
import { placementMessages } from './messages/placement.ts';
import { policyMessages } from './messages/policies.ts';
import { secretMessages } from './messages/secrets.ts';
import { settingsMessages } from './messages/settings.ts';
import { shutdownMessages } from './messages/shutdown.ts';
import { stateMessages } from './messages/state.ts';
import { wakeMessages } from './messages/wake.ts';
import { whyOnMessages } from './messages/why-on.ts';
import type { Param, Sentences } from './types.ts';

/** By domain; every code appears once. */
export const domains = {
  agents: agentMessages,
  common: commonMessages,
  damage: damageMessages,
  desktop: desktopMessages,
  energy: energyMessages,
  fleet: fleetMessages,
  gpu: gpuMessages,
  leases: leaseMessages,
  optimizer: optimizerMessages,
  placement: placementMessages,
  policies: policyMessages,
  secrets: secretMessages,
  settings: settingsMessages,
  shutdown: shutdownMessages,
  state: stateMessages,
  wake: wakeMessages,
  whyOn: whyOnMessages,
} as const satisfies Record<string, Sentences>;

export const catalogue = {
  ...agentMessages,
  ...commonMessages,
  ...damageMessages,
  ...desktopMessages,
  ...energyMessages,
  ...fleetMessages,
  ...gpuMessages,
  ...leaseMessages,
  ...optimizerMessages,
  ...placementMessages,
  ...policyMessages,
  ...secretMessages,
  ...settingsMessages,
  ...shutdownMessages,
  ...stateMessages,
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

/** A fact: what happened, without its text. */
export type Message = Messages[MessageCode];
