/** What the wizard knows so far, and how an answer changes it. Pure. */
import type { FoundMachine } from '../../../shared/models/discovery.ts';
import { formOf, type NodeForm } from '../fleet/node-form.ts';
import type { Paired } from '../power/pair-form.tsx';

export const steps = ['where', 'agent', 'details', 'try'] as const;
export type Step = (typeof steps)[number];

export const stepTitles: Record<Step, string> = {
  where: 'Where it is',
  agent: 'Its agent',
  details: 'Details',
  try: 'Try it',
};

export interface Draft {
  step: Step;
  /** As the person typed it. */
  address: string;
  found: FoundMachine | null;
  paired: Paired | null;
  form: NodeForm;
  /** The machine once it was added. */
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

/** Whether there is anything that would be lost. */
export const isBegun = (draft: Draft): boolean =>
  draft.address !== '' || draft.found !== null || draft.step !== 'where';

/** What was found fills what is empty, and what an earlier answer had filled in; what the person wrote stays. */
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

/** Nobody answered, or the person writes it all: the address is all that is known. */
export function byHand(draft: Draft): Draft {
  const url = draft.address.trim();
  const form = draft.form.url === '' && url !== '' ? { ...draft.form, url: serverUrl(url) } : draft.form;
  return { ...draft, found: null, form, step: 'details' };
}

/** `10.0.0.2` → `http://10.0.0.2:11434`; what has a scheme, or is no address at all, stays as it is. */
export function serverUrl(text: string): string {
  if (/^https?:\/\//.test(text) || !/^[\w.-]+(:\d+)?$/.test(text)) return text;
  return `http://${text}${/:\d+$/.test(text) ? '' : ':11434'}`;
}

/** What was detected, one line each; empty where nothing that Pilotlight knows answers there. */
export function detected(found: FoundMachine): string[] {
  const lines: string[] = [];
  const version = (text: string | null) => (text === null ? '' : ` ${text}`);
  if (found.ollama) lines.push(`Ollama${version(found.ollama.version)} at ${found.ollama.url}`);
  if (found.agent) {
    const roles = found.agent.roles.length > 0 ? ` with ${found.agent.roles.join(', ')}` : '';
    lines.push(`Pilotlight’s agent${version(found.agent.version)}${roles} at ${found.agent.url}`);
  }
  if (found.relayUrl) lines.push(`A relay that wakes others at ${found.relayUrl}`);
  if (found.shutdownUrl) lines.push(`A shutdown server at ${found.shutdownUrl}`);
  if (found.mac) lines.push(`MAC address ${found.mac}`);
  if (found.broadcast) lines.push(`Broadcast address ${found.broadcast}`);
  return lines;
}

/** How a machine was found, in words. */
export function foundByWords(found: Pick<FoundMachine, 'foundBy'>): string {
  const words = {
    announced: 'announces itself',
    neighbours: 'a neighbour',
    ports: 'answers',
    asked: 'asked',
  };
  return found.foundBy.map((way) => words[way]).join(', ');
}

/** The step before; null at the first, and once it is added. */
export function stepBefore({ step, nodeId, found }: Draft): Step | null {
  if (nodeId !== null || step === 'where') return null;
  if (step === 'details') return found === null ? 'where' : 'agent';
  return step === 'agent' ? 'where' : 'details';
}
