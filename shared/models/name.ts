import * as z from 'zod';
import { oneLine } from '../printable.ts';

/** A name that a person gives to a node or a folder. What cannot be printed is left out. */
export const nameSchema = z.string().overwrite(oneLine).min(1).max(120);

/** A saved name: versions of Pilotlight before this rule saved any character. */
export const savedName = (name: string): string => oneLine(name) || 'Unnamed';
