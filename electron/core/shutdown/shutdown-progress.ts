/** Where a node stands on its way off, as this core knows it. */
import type { NodePower } from '../../../shared/models/power.ts';

export interface Going {
  /** Of this core; an agent's own is read from it. */
  countdown: NodePower['countdown'];
  leaving: NodePower['leaving'];
  lastOffError: NodePower['lastOffError'];
  /** A person cancelled, and nobody has needed the node since. */
  keptOn: boolean;
}

export const staying: Going = { countdown: null, leaving: null, lastOffError: null, keptOn: false };
