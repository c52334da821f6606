/** The shape of a method definition, and the schemas that many of them share. */
import * as z from 'zod';
import type { Right } from '../rights.ts';
import type { ErrorCode } from './errors.ts';

/** The right that a caller needs. */
export type Scope = Right;

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
/** A name that a person gives to a node or a folder. */
export const name = z.string().trim().min(1).max(120);
