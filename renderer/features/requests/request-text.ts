/** The texts of a request. Pure. */
import type { RequestState, RequestStep, RequestView } from '../../../shared/models/requests.ts';
import type { AnyMessage } from '../../../shared/text/types.ts';
import { formatDuration, formatEta, formatRate } from '../../../shared/units.ts';
import { groupOf, programOf, type StateGroup } from './filter.ts';
import type { PartKind } from './timeline.ts';

export const stateLabels: Record<RequestState, string> = {
  arriving: 'Arriving',
  waking: 'Waking',
  queued: 'Queued',
  sent: 'Sent',
  answering: 'Answering',
  completed: 'Completed',
  refused: 'Refused',
  rejected: 'Rejected',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** What a state means, as a sentence. */
export const stateAbout: Record<RequestState, string> = {
  arriving: 'Its body is being read.',
  waking: 'It waits for a machine to wake.',
  queued: 'It waits for its turn.',
  sent: 'A machine has it and has not answered yet. A model may be loading there.',
  answering: 'Its answer is being sent.',
  completed: 'It was answered completely.',
  refused: 'The gateway refused it before any machine was asked.',
  rejected: 'A machine rejected it.',
  failed: 'No machine answered it completely.',
  cancelled: 'The program disconnected, or somebody cancelled it here.',
};

export const groupLabels: Record<StateGroup, string> = {
  waiting: 'Waiting',
  running: 'In progress',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const partLabels: Record<PartKind, string> = {
  gateway: 'At the gateway',
  waking: 'Waiting for a machine to wake',
  queued: 'Waiting for its turn',
  sent: 'Waiting for the first token',
  loading: 'Loading the model',
  answering: 'Answering',
  lost: 'Lost on a machine that did not answer',
};

export const priorityLabels: Record<NonNullable<RequestView['priority']>, string> = {
  interactive: 'Interactive',
  batch: 'Batch',
  index: 'Index',
};

export const programLabel = (request: Pick<RequestView, 'program' | 'credential'>): string =>
  programOf(request) || 'Unnamed program';

/** The key beside the program, if it does not name it already. */
export const keyLabel = ({ program, credential }: Pick<RequestView, 'program' | 'credential'>): string =>
  program === null || credential === null || program === credential ? '' : credential;

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
const endings: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' };

/** `Next in line · ≈ 40 s`; empty for a request that does not wait. */
export function waitText(request: Pick<RequestView, 'state' | 'position' | 'expectedMs'>): string {
  if (groupOf(request) !== 'waiting') return '';
  const { state, position, expectedMs } = request;
  const place =
    position === null
      ? null
      : position === 1
        ? 'Next in line'
        : `${position}${endings[ordinals.select(position)] ?? 'th'} in line`;
  const left =
    expectedMs === null
      ? null
      : formatEta(expectedMs).replace(' left', '').replace('almost done', 'any moment');
  return (
    [place, left].filter((part) => part !== null).join(' · ') ||
    (state === 'waking' ? 'Until a machine is awake' : 'Expected wait unknown')
  );
}

/** A duration, or a dash where it is unknown or there was none. */
export const durationText = (ms: number | null): string => (ms === null ? '–' : formatDuration(ms));

export const speedText = (tokensPerSecond: number | null): string =>
  tokensPerSecond === null ? '–' : formatRate(tokensPerSecond, 'tok');

const stepTexts: Record<RequestStep['kind'], (node: string) => string> = {
  arrived: () => 'Arrived at the gateway',
  waking: (node) => `Waits for ${node} to wake`,
  queued: () => 'Waits for its turn',
  sent: (node) => `Sent to ${node}`,
  tried: (node) => `${node} did not answer`,
  split: (node) => `A part was sent to ${node}`,
  loaded: (node) => `${node} had loaded the model`,
  'first-byte': () => 'First byte of the answer',
  ended: () => 'Ended',
};

/** @param node its name; null for a step without a node */
export const stepText = ({ kind }: RequestStep, node: string | null): string =>
  stepTexts[kind](node ?? 'a machine');

/** The parts of a problem: a coded error has its next step apart. */
export function problemTexts(
  { message }: NonNullable<RequestView['problem']>,
  textOf: (message: AnyMessage) => string,
): { message: string; next: string } {
  const { params } = message as AnyMessage;
  return message.code === 'ERROR' && typeof params.message === 'string' && typeof params.next === 'string'
    ? { message: params.message, next: params.next }
    : { message: textOf(message), next: '' };
}

/** The row in a sentence, for screen readers. */
export function rowLabel(request: RequestView, nodeName: string | null): string {
  return [
    stateLabels[request.state],
    programLabel(request),
    request.model ?? request.path,
    nodeName === null ? null : `on ${nodeName}`,
    waitText(request) || null,
  ]
    .filter((part) => part !== null)
    .join(', ');
}
