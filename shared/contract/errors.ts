/**
 * The catalogue of errors, by domain in `errors/`. Each has a code, a sentence for a person and the next step.
 * `{code, message, next, details}` crosses a link. Code that throws may give a more precise message, but never another
 * code.
 */
import * as z from 'zod';
import { redactWithin } from '../redact.ts';
import { type AnyMessage, textOf } from '../text/index.ts';
import { accessErrors } from './errors/access.ts';
import { agentLinkErrors } from './errors/agent-link.ts';
import { agentUpdateErrors } from './errors/agent-update.ts';
import { backupErrors } from './errors/backup.ts';
import { commonErrors } from './errors/common.ts';
import { computerErrors } from './errors/computer.ts';
import { discoveryErrors } from './errors/discovery.ts';
import { documentErrors } from './errors/documents.ts';
import type { Catalogue } from './errors/entry.ts';
import { gatewayErrors } from './errors/gateway.ts';
import { gatewayRequestErrors } from './errors/gateway-requests.ts';
import { hostErrors } from './errors/hosts.ts';
import { immichErrors } from './errors/immich.ts';
import { indexingErrors } from './errors/indexing.ts';
import { inputErrors } from './errors/input.ts';
import { libraryErrors } from './errors/library.ts';
import { mediaErrors } from './errors/media.ts';
import { notificationErrors } from './errors/notifications.ts';
import { pictureErrors } from './errors/pictures.ts';
import { placementErrors } from './errors/placement.ts';
import { powerErrors } from './errors/power.ts';
import { predictErrors } from './errors/predict.ts';
import { remoteIndexErrors } from './errors/remote-index.ts';
import { runnerErrors } from './errors/runner.ts';
import { runnerFleetErrors } from './errors/runner-fleet.ts';
import { taskErrors } from './errors/tasks.ts';
import { updateErrors } from './errors/updates.ts';
import { wakeErrors } from './errors/wake.ts';

/** The errors of the core. Those of an agent are in `errors/agent.ts`. */
export const errorCatalogue = {
  ...commonErrors,
  ...inputErrors,
  ...accessErrors,
  ...backupErrors,
  ...hostErrors,
  ...wakeErrors,
  ...powerErrors,
  ...agentLinkErrors,
  ...agentUpdateErrors,
  ...discoveryErrors,
  ...placementErrors,
  ...indexingErrors,
  ...remoteIndexErrors,
  ...gatewayErrors,
  ...gatewayRequestErrors,
  ...computerErrors,
  ...runnerErrors,
  ...pictureErrors,
  ...predictErrors,
  ...immichErrors,
  ...runnerFleetErrors,
  ...taskErrors,
  ...documentErrors,
  ...mediaErrors,
  ...notificationErrors,
  ...libraryErrors,
  ...updateErrors,
} as const satisfies Catalogue;

export type ErrorCode = keyof typeof errorCatalogue;

export const errorCodes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

export const wireErrorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  next: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

/** The only error that leaves a service. Anything else is a bug, and people see it as INTERNAL. */
export class PilotlightError extends Error {
  readonly code: ErrorCode;
  readonly next: string;
  readonly details: Record<string, unknown> | undefined;
  /** The message as a fact; null where it is the catalogue's, or text from elsewhere. */
  readonly said: AnyMessage | null;
  /** Its causes as facts; empty if it has none, or has crossed a link. */
  readonly reasons: readonly AnyMessage[];

  constructor(
    code: ErrorCode,
    options: {
      /** More specific than the catalogue's. A string is text from elsewhere, such as another program's. */
      message?: string | AnyMessage;
      next?: string | AnyMessage;
      /** Its causes, one by one: English in `details.reasons`. */
      reasons?: readonly AnyMessage[];
      /** What is wrong with each field: English in `details.fields`. */
      fields?: readonly { path: string; message: AnyMessage }[];
      details?: Record<string, unknown>;
      cause?: unknown;
    } = {},
  ) {
    super(english(options.message) ?? errorCatalogue[code].message, { cause: options.cause });
    this.name = 'PilotlightError';
    this.code = code;
    this.next = english(options.next) ?? errorCatalogue[code].next;
    this.details = withEnglish(options);
    this.reasons = options.reasons ?? [];
    this.said = typeof options.message === 'object' ? options.message : null;
  }

  /** Without any of Pilotlight's own secrets, wherever a caller has put one. */
  toWire(): WireError {
    return redactWithin({
      code: this.code,
      message: this.message,
      next: this.next,
      ...(this.details === undefined ? {} : { details: this.details }),
    });
  }
}

type Options = NonNullable<ConstructorParameters<typeof PilotlightError>[1]>;

function withEnglish({ details, reasons, fields }: Options): Options['details'] {
  if (reasons === undefined && fields === undefined) return details;
  return {
    ...details,
    ...(reasons && { reasons: reasons.map(textOf) }),
    ...(fields && { fields: fields.map(({ path, message }) => ({ path, message: textOf(message) })) }),
  };
}

const english = (said: string | AnyMessage | undefined) => (typeof said === 'object' ? textOf(said) : said);

export function isPilotlightError(error: unknown): error is PilotlightError {
  return error instanceof Error && error.name === 'PilotlightError' && 'code' in error;
}

/** @param said its message as a fact, if the link carries that */
export function fromWireError(
  { code, message, next, details }: WireError,
  said: AnyMessage | null = null,
): PilotlightError {
  return new PilotlightError(code, {
    message: said ?? message,
    next,
    ...(details === undefined ? {} : { details }),
  });
}

/** Turns anything that was thrown into an error that may cross a link. Aborts become CANCELLED, defects INTERNAL. */
export function toWireError(error: unknown): WireError {
  if (isPilotlightError(error)) return error.toWire();
  if (error instanceof Error && error.name === 'AbortError') return new PilotlightError('CANCELLED').toWire();
  return new PilotlightError('INTERNAL').toWire();
}
