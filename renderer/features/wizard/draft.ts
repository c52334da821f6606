/** What the wizard knows so far, and how each answer changes it. Pure. */
import type { FoundMachine } from '../../../shared/models/discovery.ts';
import { formOf, type NodeForm } from '../fleet/node-form.ts';
import type { Paired } from '../power/pair-form.tsx';

export const steps = ['where', 'agent', 'details', 'try'] as const;
export type Step = (typeof steps)[number];

export const stepTitles: Record<Step, string> = {
  where: 'Address',
  agent: 'Agent',
  details: 'Details',
  try: 'Try it',
};

export interface Draft {
  step: Step;
  /** As typed. */
  address: string;
  found: FoundMachine | null;
  paired: Paired | null;
  form: NodeForm;
  /** The machine, once added. */
  nodeId: string | null;
}

export const emptyDraft: Draft = {
  step: 'where',
  address: '',
  found: null,
  paired: null,
  form: formOf(null),
  nodeId: null,
};

/** Whether there is any input to lose. */
export const isBegun = (draft: Draft): boolean =>
  draft.address !== '' || draft.found !== null || draft.step !== 'where';

/** Fills empty fields, and those filled by an earlier answer, with what was found. What the user typed stays. */
export function withFound(draft: Draft, found: FoundMachine): Draft {
  const before = filledBy(draft.found);
  const now = filledBy(found);
  const form = { ...draft.form };
  for (const field of Object.keys(now) as (keyof typeof now)[]) {
    if (form[field] === '' || form[field] === before[field]) form[field] = now[field];
  }
  const sameAgent = draft.paired !== null && draft.paired.url === found.agent?.url;
  return { ...draft, found, form, paired: sameAgent ? draft.paired : null };
}

function filledBy(found: FoundMachine | null) {
  return {
    url: found?.ollama?.url ?? '',
    name: found?.name?.split('.')[0] ?? '',
    mac: found?.mac ?? '',
    wakeDestinations: found?.broadcast ?? '',
    agentUrl: found?.agent?.url ?? '',
    shutdownUrl: found?.shutdownUrl ?? '',
  };
}

/** Nothing responded, or the user enters everything: only the address is known. */
export function byHand(draft: Draft): Draft {
  const url = draft.address.trim();
  const form = draft.form.url === '' && url !== '' ? { ...draft.form, url: serverUrl(url) } : draft.form;
  return { ...draft, found: null, form, step: 'details' };
}

/** `10.0.0.2` → `http://10.0.0.2:11434`; anything with a scheme, or that is not an address, is unchanged. */
export function serverUrl(text: string): string {
  if (/^https?:\/\//.test(text) || !/^[\w.-]+(:\d+)?$/.test(text)) return text;
  return `http://${text}${/:\d+$/.test(text) ? '' : ':11434'}`;
}

/** What was detected, one line each; empty if nothing known responds there. */
export function detected(found: FoundMachine): string[] {
  const lines: string[] = [];
  const version = (text: string | null) => (text === null ? '' : ` ${text}`);
  if (found.ollama) {
    const { product = 'Ollama', version: known, url } = found.ollama;
    lines.push(`${product}${version(known)} at ${url}`);
  }
  if (found.agent) {
    const roles = found.agent.roles.length > 0 ? ` (${found.agent.roles.join(', ')})` : '';
    lines.push(`Pilotlight agent${version(found.agent.version)}${roles} at ${found.agent.url}`);
  }
  if (found.relayUrl) lines.push(`Wake relay at ${found.relayUrl}`);
  if (found.shutdownUrl) lines.push(`Shutdown server at ${found.shutdownUrl}`);
  if (found.mac) lines.push(`MAC address ${found.mac}`);
  if (found.broadcast) lines.push(`Broadcast address ${found.broadcast}`);
  return lines;
}

/** How a machine was found, as text. */
export function foundByText(found: Pick<FoundMachine, 'foundBy'>): string {
  const labels = {
    announced: 'announced itself',
    neighbours: 'nearby device',
    ports: 'responds',
    asked: 'checked on request',
  };
  return found.foundBy.map((way) => labels[way]).join(', ');
}

/** The previous step; null at the first, and once the machine is added. */
export function stepBefore({ step, nodeId, found }: Draft): Step | null {
  if (nodeId !== null || step === 'where') return null;
  if (step === 'details') return found === null ? 'where' : 'agent';
  return step === 'agent' ? 'where' : 'details';
}
