/** The shape of a method definition, and the schemas that many of them share. */
import * as z from 'zod';
import { fact, type Message } from '../models/message.ts';
import { isCallableAddress } from '../network/callable-address.ts';
import { trimPasted } from '../network/pasted.ts';
import type { Right } from '../rights.ts';
import { LONGEST_TOKEN, tokenProblem } from '../token-text.ts';
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
export { nameSchema as name } from '../models/name.ts';

/** A refusal with a code of its own, instead of BAD_REQUEST: `parseRequest` reads it. */
const coded = (code: ErrorCode, message: Message) => ({ params: { code, message } });

/** A token or password that is sent as `Authorization: Bearer`. Refused with BAD_TOKEN, which names the field. */
export const token = z
  .string()
  .trim()
  .refine((text) => tokenProblem(text) !== 'characters', coded('BAD_TOKEN', fact('TOKEN_CHARACTERS')))
  .refine((text) => tokenProblem(text) !== 'too-long', coded('BAD_TOKEN', fact('TOKEN_TOO_LONG')))
  .meta({ description: `visible ASCII without spaces, at most ${LONGEST_TOKEN} characters` });

/** An address that Pilotlight calls. Refused with BAD_URL. */
export const callableAddress = z
  .string()
  .max(2000)
  .overwrite(trimPasted)
  .refine(isCallableAddress, coded('BAD_URL', fact('ADDRESS_NOT_CALLABLE')))
  .meta({ description: 'an http or https address' });
