/** The purpose of a lease as text: agents and the database keep it as people read it. */
import type { Message } from './models/message.ts';
import { textOf } from './text/index.ts';

export const purposeText = (purpose: string | Message): string =>
  typeof purpose === 'string' ? purpose : textOf(purpose);
