import { sentences } from '../grammar.ts';
import { givesReason } from '../lease-purpose.ts';
import type { Text } from '../types.ts';

const forget = (panel: string) => `To clear it, run \`agent.mjs forget ${panel}\` on that machine.`;

/** Leases and policies at agents. */
export const leaseMessages = {
  LEASE_GONE: ({ node, purpose }: { node: string; purpose: string }) =>
    `${node} is no longer kept awake${givesReason(purpose) ? `: ${purpose}` : ''}.`,
  LEASE_RELEASED_ELSEWHERE: () => 'It was released in another panel or at the machine.',
  TIME_HAS_PASSED: () => 'That time has already passed.',
  CHOOSE_LATER: () => 'Choose a later time.',
  TIME_TOO_FAR: () => 'That is more than a year ahead.',
  CHOOSE_EARLIER: () => 'Choose an earlier time, or keep it on until it is released.',
  /** Why a job needs a machine, as part of a sentence. */
  USED_FOR_INDEXING: ({ folder }: { folder: string }) => `indexing "${folder}"`,
  NO_SUCH_LEASE: () => 'There is no such lease.',

  AGENT_CLEARED: ({ node }: { node: string }) =>
    `The agent of ${node} no longer has a policy or leases from this panel.`,
  IT_ANSWERED_AGAIN: () => 'It answered again.',
  AGENT_MAY_FOLLOW_PANEL: ({ node, url }: { node: string; url: string }) =>
    `The agent of ${node} (${url}) may still follow this panel's power policy.`,
  AGENT_LEFT_SILENT: ({ panel }: { panel: string }) =>
    sentences(
      'It has not answered since its machine was removed or changed here; Pilotlight keeps trying for 30 days.',
      forget(panel),
    ),
  AGENT_LEFT: ({ node, url }: { node: string; url: string }) =>
    sentences(
      leaseMessages.AGENT_MAY_FOLLOW_PANEL({ node, url }),
      'It has not answered since its machine was removed or changed here; Pilotlight keeps trying for 30 days.',
    ),
  FORGET_OR_DISMISS: ({ panel }: { panel: string }) => `${forget(panel)} Dismiss this to stop trying.`,
  GAVE_UP_REFUSED: ({ error, panel }: { error: Text; panel: string }) =>
    sentences('Pilotlight stopped trying to remove it.', error, forget(panel)),
  GAVE_UP_SILENT: ({ panel }: { panel: string }) =>
    sentences('Pilotlight stopped trying to remove it. It has not answered for 30 days.', forget(panel)),
  GAVE_UP_DISMISSED: ({ panel }: { panel: string }) =>
    sentences('Pilotlight stopped trying to remove it. The notice was dismissed.', forget(panel)),
  TOKEN_UNREADABLE: () => 'Its token can no longer be read here.',
};
