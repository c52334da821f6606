import type { MethodName, MethodParams, MethodResult } from '../../../shared/contract/methods.ts';

export interface CallContext {
  /** Aborted when the caller cancels or its link is gone. */
  signal: AbortSignal;
}

export type Handler<Name extends MethodName> = (
  params: MethodParams<Name>,
  context: CallContext,
) => MethodResult<Name> | Promise<MethodResult<Name>>;

/** A domain's methods.ts returns these; compose.ts puts them together, and types tell when one is missing. */
export type Handlers<Names extends MethodName = MethodName> = { readonly [Name in Names]: Handler<Name> };
