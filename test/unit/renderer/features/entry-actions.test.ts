import { describe, expect, it } from 'vitest';
import {
  actionsOf,
  type EntryFacts,
  mayHaveActions,
} from '../../../../renderer/features/activity/entry-actions.ts';
import type { ActivityEntry } from '../../../../shared/models/activity.ts';
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import { aJob, aMove } from '../../../fakes/records.ts';

const node: NonNullable<EntryFacts['node']> = {
  ...{ id: 'n1', state: 'off', canWake: true, wedged: null, gpuLost: null },
  lastWakeError: null,
};
const trouble = {
  code: 'WAKE_TIMEOUT',
  at: 1,
  message: plainText('x'),
  next: plainText('y'),
  reason: plainText('z'),
};
const facts: EntryFacts = {
  ...{ node, mayRestartOllama: true, run: null, runs: [], moves: [] },
  sourceIds: new Set(['s1', 's2']),
};
const entry = (message: Message): ActivityEntry => ({
  ...{ id: 1, at: 100_000, kind: 'power', severity: 'warning', why: null, nodeId: 'n1', notify: false },
  message,
});
const kinds = (message: Message, own: Partial<EntryFacts>) =>
  actionsOf(entry(message), { ...facts, ...own }).map(({ kind }) => kind);

describe('a machine that did not wake', () => {
  const message = fact('NODE_DID_NOT_WAKE', { node: 'tower' });
  const failed = { ...node, lastWakeError: trouble as unknown as NonNullable<typeof node.lastWakeError> };

  it('is diagnosed, or woken again', () => {
    expect(kinds(message, { node: failed })).toEqual(['diagnose', 'wake']);
    expect(kinds(message, { node: { ...failed, canWake: false } })).toEqual(['diagnose']);
    expect(kinds(message, { node: { ...failed, state: 'waking' } })).toEqual(['diagnose']);
  });

  it('nothing is left to do once it has come up, or is gone', () => {
    expect(kinds(message, {})).toEqual([]);
    expect(kinds(message, { node: null })).toEqual([]);
  });
});

describe('an Ollama in trouble', () => {
  const lost = fact('NODE_LOST_GPU', { node: 'tower' });
  const stuck = fact('MODEL_DOES_NOT_LOAD', { node: 'tower', model: 'llama3.1' });
  const some = trouble as never;

  it('is restarted while it is in trouble, if the agent may', () => {
    expect(kinds(lost, { node: { ...node, gpuLost: some } })).toEqual(['restart-ollama']);
    expect(kinds(stuck, { node: { ...node, wedged: some } })).toEqual(['restart-ollama']);
    expect(kinds(stuck, { node: { ...node, wedged: some }, mayRestartOllama: false })).toEqual([]);
    expect(kinds(lost, {})).toEqual([]);
    expect(kinds(lost, { node: { ...node, wedged: some } })).toEqual([]);
  });
});

describe('a run that failed', () => {
  const run = aJob({ id: 'j1', status: 'failed', createdAt: 50, sourceIds: ['s1', 'gone'] });
  const message = plainText('failed');

  it('is started again, for the folders that are still there', () => {
    expect(actionsOf(entry(message), { ...facts, run, runs: [run] })).toEqual([
      { kind: 'run-again', sourceIds: ['s1'] },
    ]);
  });

  it('not if these folders were run since, and not if it was completed', () => {
    const later = aJob({ id: 'j2', status: 'running', createdAt: 60, sourceIds: ['s1'] });
    expect(kinds(message, { run, runs: [later, run] })).toEqual([]);
    const completed = { ...run, status: 'completed' as const };
    expect(kinds(message, { run: completed, runs: [completed] })).toEqual([]);
  });
});

describe('a model that was moved', () => {
  const message = fact('MODEL_MOVED', { model: 'llama3.1', node: 'tower', placement: 'gpu' });
  const move = aMove({
    id: 7,
    at: 100_001,
    nodeId: 'n1',
    model: 'llama3.1',
    outcome: 'moved',
    from: 'cpu',
    to: 'gpu',
    wanted: 'gpu',
  });

  it('is moved back', () => {
    expect(actionsOf(entry(message), { ...facts, moves: [move] })).toEqual([
      { kind: 'move-back', nodeId: 'n1', model: 'llama3.1', target: 'cpu' },
    ]);
  });

  it.each([
    ['it was moved again since', [aMove({ ...move, id: 8, at: 300_000 }), move]],
    ['it was not loaded before', [{ ...move, from: null }]],
    ['the entry is of another move', [{ ...move, at: 1 }]],
    ['the move is not known any more', []],
  ])('not if %s', (_, moves) => {
    expect(kinds(message, { moves })).toEqual([]);
  });
});

it('asks for most entries nothing at all', () => {
  expect(mayHaveActions(entry(plainText('x')), null)).toBe(false);
  expect(mayHaveActions(entry(plainText('x')), aJob({ status: 'failed' }))).toBe(true);
  expect(mayHaveActions(entry(fact('NODE_DID_NOT_WAKE', { node: 'n' })), null)).toBe(true);
});
