/** The troubleshooting guide. A script of its own, loaded when it is first opened. */
import markdown from '../../../docs/troubleshooting.md?raw';
import { readHelp } from './help-entries.ts';

export const guide = readHelp(markdown);
