/** Methods of power except waking: policies, leases, shutdown and energy. */
import * as z from 'zod';
import {
  energyRangeSchema,
  energyReportSchema,
  leaseSchema,
  nodePowerSchema,
  powerActionSchema,
  powerPolicyPatchSchema,
  powerTimelineSchema,
} from '../models/power.ts';
import { noReason } from '../text/lease-purpose.ts';
import { done, type MethodDefinition, nodeId, nothing } from './definition.ts';

export const powerMethods = {
  'power.list': {
    summary: 'Get the policy, leases, agent and shutdown state of each node.',
    scope: 'view',
    params: nothing,
    result: z.array(nodePowerSchema),
    errors: [],
  },
  'power.setPolicy': {
    summary:
      'Change the power policy of a node: who may wake it, and when it is powered off. Omitted fields stay as they are.',
    scope: 'control',
    params: z.strictObject({
      nodeId,
      policy: powerPolicyPatchSchema,
    }),
    result: nodePowerSchema,
    errors: ['NOT_FOUND', 'DISK_FULL'],
  },
  'power.keepAwake': {
    summary:
      'Keep a node awake for a person, until the given time or until the lease is released. Wakes nothing.',
    scope: 'wake',
    params: z.strictObject({
      nodeId,
      /** Milliseconds since the epoch; null for a lease that lasts until it is released. */
      until: z.number().nullable(),
      purpose: z.string().trim().min(1).max(200).default(noReason),
    }),
    result: leaseSchema,
    errors: ['NOT_FOUND', 'BAD_REQUEST', 'DISK_FULL'],
  },
  'power.release': {
    summary: 'End a lease: one of this core, or, if the node has an agent, one of any holder.',
    scope: 'control',
    params: z.strictObject({ nodeId, leaseId: z.string().min(1).max(200) }),
    result: done,
    errors: [
      'NOT_FOUND',
      'AGENT_REFUSED',
      'AGENT_ERROR',
      'NOT_AN_AGENT',
      'NAME_NOT_RESOLVED',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
    ],
  },
} as const satisfies Record<string, MethodDefinition>;

/** Shutdown. */
export const powerOffMethods = {
  'power.off': {
    summary:
      'Power a node off, with the action of its policy unless one is given. Refused with the reasons while the node is in use, unless forced. Answers when the machine has accepted the order; Pilotlight then watches that it really goes off.',
    scope: 'control',
    params: z.strictObject({
      nodeId,
      action: powerActionSchema.optional(),
      force: z.boolean().default(false),
      /** How long anybody can cancel it. */
      countdownSeconds: z.number().int().min(0).max(3600).default(0),
    }),
    result: nodePowerSchema,
    errors: [
      'NOT_FOUND',
      'NODE_ASLEEP',
      'CANNOT_POWER_OFF',
      'IN_USE',
      'POWER_ACTION_RUNNING',
      'NOT_SUPPORTED',
      'AGENT_REFUSED',
      'AGENT_ERROR',
      'NOT_AN_AGENT',
      'NAME_NOT_RESOLVED',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
    ],
  },
  'power.cancelOff': {
    summary: 'Cancel the countdown to a shutdown. The node stays on until it is next needed.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: nodePowerSchema,
    errors: [
      'NOT_FOUND',
      'NO_COUNTDOWN',
      'AGENT_REFUSED',
      'AGENT_ERROR',
      'NOT_AN_AGENT',
      'NAME_NOT_RESOLVED',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
    ],
  },
  'power.restartOllama': {
    summary: 'Let the agent of a node restart Ollama, so that it detects its GPU or loads models again.',
    scope: 'control',
    params: z.strictObject({
      nodeId,
      /** Even if another panel uses its models. */
      force: z.boolean().default(false),
    }),
    result: done,
    errors: [
      'NOT_FOUND',
      'IN_USE',
      'NO_AGENT',
      'NODE_ASLEEP',
      'NOT_SUPPORTED',
      'AGENT_REFUSED',
      'AGENT_ERROR',
      'NOT_AN_AGENT',
      'NAME_NOT_RESOLVED',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
    ],
  },
} as const satisfies Record<string, MethodDefinition>;

/** Past power states and energy. */
export const powerHistoryMethods = {
  'power.timeline': {
    summary: 'Get the power states of a node and who needed it, for the last hours.',
    scope: 'view',
    params: z.strictObject({ nodeId, hours: z.number().int().min(1).max(720).default(24) }),
    result: powerTimelineSchema,
    errors: ['NOT_FOUND'],
  },
  'power.energy': {
    summary:
      'Get hours awake and watt-hours by node and by purpose, and what sleeping saved, with how each figure was computed.',
    scope: 'view',
    params: z.strictObject({ range: energyRangeSchema.default('week'), nodeId: nodeId.optional() }),
    result: energyReportSchema,
    errors: ['NOT_FOUND'],
  },
} as const satisfies Record<string, MethodDefinition>;
