import type { MethodName, MethodParams, MethodResult } from '../../../shared/contract/methods.ts';

export interface CallContext {
  /** Aborted when the caller cancels or its link is closed. */
  signal: AbortSignal;
  /** The credential that it was sent with; null for the window, the command line and the core itself. */
  credentialId: string | null;
}

export type Handler<Name extends MethodName> = (
  params: MethodParams<Name>,
  context: CallContext,
) => MethodResult<Name> | Promise<MethodResult<Name>>;

/** Returned by the methods.ts of each domain and combined in core/methods.ts; a missing one is a type error. */
export type Handlers<Names extends MethodName = MethodName> = { readonly [Name in Names]: Handler<Name> };
