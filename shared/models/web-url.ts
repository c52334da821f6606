import * as z from 'zod';
import { trimPasted } from '../network/pasted.ts';
import { parseWebUrl } from '../network/web-address.ts';

/** An address that Pilotlight calls. It may contain a password or a token. */
export const webUrlSchema = z
  .string()
  .max(2000)
  .overwrite(trimPasted)
  .refine(
    (text) => parseWebUrl(text, { query: true, password: true }) !== null,
    'Not an http:// or https:// address',
  );
