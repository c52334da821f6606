/**
 * Every method: its parameters, its result, who may call it and its errors. Types, validation, the contract tests and
 * the API reference all come from here.
 */
import type * as z from 'zod';
import { accessMethods } from './access.ts';
import { activityMethods } from './activity.ts';
import { agentMethods } from './agents.ts';
import { checkMethods } from './checks.ts';
import type { MethodDefinition } from './definition.ts';
import { discoveryMethods } from './discovery.ts';
import { fleetMethods, simulatorMethods } from './fleet.ts';
import { gatewayMethods } from './gateway.ts';
import { immichMethods } from './immich-door.ts';
import { indexingMethods } from './indexing.ts';
import { libraryMethods } from './library.ts';
import { notificationMethods } from './notifications.ts';
import { optimizerMethods, placementMethods } from './placement.ts';
import { powerHistoryMethods, powerMethods, powerOffMethods } from './power.ts';
import { remoteIndexMethods } from './remote-index.ts';
import { requestMethods } from './requests.ts';
import { runnerMethods } from './runner.ts';
import { settingsMethods } from './settings.ts';
import { statusMethods } from './status.ts';
import { taskMethods } from './tasks.ts';
import { telemetryMethods } from './telemetry.ts';
import { updateMethods } from './updates.ts';
import { wakeMethods } from './wake.ts';

export type { Scope } from './definition.ts';

export const methods = {
  ...statusMethods,
  ...fleetMethods,
  ...simulatorMethods,
  ...wakeMethods,
  ...placementMethods,
  ...libraryMethods,
  ...optimizerMethods,
  ...indexingMethods,
  ...remoteIndexMethods,
  ...gatewayMethods,
  ...immichMethods,
  ...runnerMethods,
  ...requestMethods,
  ...taskMethods,
  ...telemetryMethods,
  ...activityMethods,
  ...settingsMethods,
  ...notificationMethods,
  ...accessMethods,
  ...agentMethods,
  ...powerMethods,
  ...powerOffMethods,
  ...powerHistoryMethods,
  ...discoveryMethods,
  ...checkMethods,
  ...updateMethods,
} as const satisfies Record<string, MethodDefinition>;

export type MethodName = keyof typeof methods;
/** What a caller may send: fields with a default may be omitted. */
export type MethodInput<Name extends MethodName> = z.input<(typeof methods)[Name]['params']>;
/** What a handler gets: checked, with defaults filled in. */
export type MethodParams<Name extends MethodName> = z.output<(typeof methods)[Name]['params']>;
export type MethodResult<Name extends MethodName> = z.output<(typeof methods)[Name]['result']>;
export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];

export function isMethodName(value: string): value is MethodName {
  return Object.hasOwn(methods, value);
}
