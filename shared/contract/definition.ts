/** The shape of a method definition, and the schemas that many of them share. */
import * as z from 'zod';
import type { ErrorCode } from './errors.ts';

/** `view` reads, `control` changes things. A token carries one or both. */
export type Scope = 'view' | 'control';

export interface MethodDefinition {
  summary: string;
  scope: Scope;
  params: z.ZodType;
  result: z.ZodType;
  errors: readonly ErrorCode[];
}

export const nothing = z.strictObject({});
export const done = z.object({ ok: z.literal(true) });
export const nodeId = z.string().min(1).max(100);
export { nameSchema as name } from '../models/name.ts';
