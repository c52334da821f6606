/** The settings of the gateway that are lists of rows: as they are edited, and as they are saved. Pure. */
import type { Settings } from '../../../shared/models/settings.ts';

type Gateway = Settings['gateway'];
export type Wake = Gateway['policies'][number]['wake'];
export type Priority = NonNullable<Gateway['policies'][number]['priority']>;
export type ContextRuleKind = Gateway['contextRules'][number]['rule'];

/** Rows hold text while they are edited, so that what is half typed is kept. */
export interface PolicyRow {
  /** Empty for every model. */
  model: string;
  /** Empty for every program. */
  credentialId: string;
  wake: Wake;
  seconds: string;
  /** Empty for what the kind of call suggests. */
  priority: Priority | '';
}
export interface SlotsRow {
  nodeId: string;
  slots: string;
}
export interface ContextRow {
  model: string;
  rule: ContextRuleKind;
  tokens: string;
}

export const newPolicy: PolicyRow = {
  model: '',
  credentialId: '',
  wake: 'if-needed',
  seconds: '30',
  priority: '',
};
export const newSlots: SlotsRow = { nodeId: '', slots: '4' };
export const newContext: ContextRow = { model: '', rule: 'clamp', tokens: '8192' };

export const policyRows = (policies: Gateway['policies']): PolicyRow[] =>
  policies.map(({ model, credentialId, wake, cpuAfterSeconds, priority }) => ({
    model: model ?? '',
    credentialId: credentialId ?? '',
    wake,
    seconds: String(cpuAfterSeconds),
    priority: priority ?? '',
  }));

export const slotsRows = (slots: Gateway['slots']): SlotsRow[] =>
  slots.map(({ nodeId, slots: count }) => ({ nodeId, slots: String(count) }));

export const contextRows = (rules: Gateway['contextRules']): ContextRow[] =>
  rules.map((rule) => ({
    model: rule.model,
    rule: rule.rule,
    tokens: rule.rule === 'fixed' ? String(rule.contextLength) : newContext.tokens,
  }));

/** A whole number; NaN for any other text. */
const wholeNumber = (text: string) => (/^\s*\d{1,9}\s*$/.test(text) ? Number(text) : Number.NaN);
const within = (value: number, least: number, most: number) => value >= least && value <= most;
const nameError = (name: string) => (name.trim().length > 300 ? 'At most 300 characters.' : undefined);

/** Errors by field; empty for a row that can be saved. */
export type RowErrors<Row> = Partial<Record<keyof Row, string>>;

const known = <Row>(errors: { [Key in keyof Row]?: string | undefined }): RowErrors<Row> =>
  Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== undefined)) as RowErrors<Row>;

export const policyErrors = ({ model, wake, seconds }: PolicyRow): RowErrors<PolicyRow> =>
  known<PolicyRow>({
    model: nameError(model),
    seconds:
      wake === 'cpu-after' && !within(wholeNumber(seconds), 0, 3600)
        ? 'Enter seconds from 0 to 3,600.'
        : undefined,
  });

/** @param others the machines of the rows before it */
export const slotsErrors = (
  { nodeId, slots }: SlotsRow,
  others: readonly string[] = [],
): RowErrors<SlotsRow> =>
  known<SlotsRow>({
    nodeId:
      nodeId === ''
        ? 'Choose a machine.'
        : others.includes(nodeId)
          ? 'This machine has a limit already.'
          : undefined,
    slots: within(wholeNumber(slots), 1, 256) ? undefined : 'Enter a number from 1 to 256.',
  });

export const contextErrors = ({ model, rule, tokens }: ContextRow): RowErrors<ContextRow> =>
  known<ContextRow>({
    model: model.trim() === '' ? 'Enter a model, or * for all.' : nameError(model),
    tokens:
      rule === 'fixed' && !within(wholeNumber(tokens), 256, 10_000_000)
        ? 'Enter a number from 256 to 10,000,000.'
        : undefined,
  });

/** Seconds that do not matter, because the policy never uses them, are saved as they were or by default. */
export const savedPolicies = (rows: readonly PolicyRow[]): unknown[] =>
  rows.map(({ model, credentialId, wake, seconds, priority }) => ({
    model: model.trim() || null,
    credentialId: credentialId || null,
    wake,
    cpuAfterSeconds: numberOr(seconds, wake === 'cpu-after' ? seconds : 30),
    priority: priority || null,
  }));

export const savedSlots = (rows: readonly SlotsRow[]): unknown[] =>
  rows.map(({ nodeId, slots }) => ({ nodeId, slots: numberOr(slots, slots) }));

export const savedContexts = (rows: readonly ContextRow[]): unknown[] =>
  rows.map(({ model, rule, tokens }) =>
    rule === 'fixed'
      ? { model: model.trim(), rule, contextLength: numberOr(tokens, tokens) }
      : { model: model.trim(), rule },
  );

/** Text that is not a number stays text where it matters, so that validation refuses it. */
function numberOr(text: string, otherwise: string | number): string | number {
  const number = wholeNumber(text);
  return Number.isNaN(number) ? otherwise : number;
}

/** Whether a pattern names one of the models: with its tag, without it, or with `*`. As the core matches them. */
export function namesAny(pattern: string, models: readonly string[]): boolean {
  const wanted = pattern.trim().toLowerCase();
  if (wanted === '') return false;
  return models.some((model) => {
    const name = model
      .trim()
      .toLowerCase()
      .replace(/^(?:https?:\/\/)?registry\.ollama\.ai\//, '')
      .replace(/^library\/(?=[^/]+$)/, '');
    const full = tagStart(name) < 0 ? `${name}:latest` : name;
    if (matches(full, wanted)) return true;
    return tagStart(wanted) < 0 && matches(full.slice(0, tagStart(full)), wanted);
  });
}

/** Where the tag begins, behind the last slash: a host before it may have a port. */
function tagStart(name: string): number {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? colon : -1;
}

/** Linear, so that no pattern can hang the panel. */
function matches(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  const end = text.length - last.length;
  let position = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found < 0 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}
