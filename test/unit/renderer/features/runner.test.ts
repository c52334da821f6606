import { describe, expect, it } from 'vitest';
import { addErrors, nameFromPath } from '../../../../renderer/features/runner/model-errors.ts';
import { modelRows, pullRows } from '../../../../renderer/features/runner/model-rows.ts';
import { countGroups, inRows, matchRunners } from '../../../../renderer/features/runner/runner-filter.ts';
import {
  conditionOf,
  conditionText,
  describeLatency,
  droppedIn,
  needsAttention,
  rungLabel,
  rungTime,
  shareOf,
  speedText,
  targetTexts,
} from '../../../../renderer/features/runner/runner-text.ts';
import { addressHash, readAddress } from '../../../../renderer/features/runner/view.ts';
import { runnerHref } from '../../../../renderer/features/shell/route.ts';
import { selectRunners } from '../../../../renderer/stores/runners.ts';
import { plainText } from '../../../../shared/models/message.ts';
import type { RunnerRung, RunnerView } from '../../../../shared/models/runner.ts';
import { faceModel, rung, runner, runnerModel, runnerStatus } from '../../../fakes/runner-views.ts';

const problem = (code: string): RunnerView['problem'] => ({
  code,
  message: plainText('It says so.'),
  next: plainText('Do this.'),
});
const onCpu = (ladder: RunnerRung[]) => runner('one', { status: runnerStatus({ ladder }) });

describe('the condition of a runner', () => {
  it.each<[string, RunnerView, Parameters<typeof conditionOf>[1], string]>([
    ['off', runner('one', { state: 'off', status: null }), 'serving', 'off'],
    ['starting', runner('one', { state: 'starting', status: null }), 'serving', 'starting'],
    [
      'failed',
      runner('one', { state: 'failed', problem: problem('RUNNER_NOT_INSTALLED') }),
      'serving',
      'failed',
    ],
    ['its machine sleeps', runner('one', { state: 'unreachable' }), 'off', 'machine-off'],
    ['its machine wakes', runner('one', { state: 'unreachable' }), 'waking', 'machine-off'],
    ['its machine is on', runner('one', { state: 'unreachable' }), 'serving', 'unreachable'],
    ['it belongs to no machine', runner('one', { state: 'unreachable' }), null, 'unreachable'],
    [
      'it was refused before its machine slept',
      runner('one', { state: 'unreachable', problem: problem('RUNNER_REFUSED') }),
      'off',
      'unreachable',
    ],
    ['no model', runner('one', { status: runnerStatus({ models: [] }) }), 'serving', 'no-model'],
    ['on a GPU', runner('one', { status: runnerStatus({ provider: 'dml' }) }), 'serving', 'gpu'],
    ['its GPU has gone', runner('one', { problem: problem('RUNNER_GPU_LOST') }), 'serving', 'gpu-lost'],
    ['failures', runner('one', { breaker: 'open' }), 'serving', 'resting'],
    ['tried again after failures', runner('one', { breaker: 'half-open' }), 'serving', 'fell-to-cpu'],
    ['a CPU alone', onCpu([rung('cuda', 'absent'), rung('cpu', 'used')]), 'serving', 'cpu'],
    ['nothing tried', onCpu([]), 'serving', 'cpu'],
    ['a slower GPU', onCpu([rung('webgpu', 'slower'), rung('cpu', 'used')]), 'serving', 'fell-to-cpu'],
    ['a wrong GPU', onCpu([rung('coreml', 'wrong'), rung('cpu', 'used')]), 'serving', 'fell-to-cpu'],
    ['a failing GPU', onCpu([rung('dml', 'failed'), rung('cpu', 'used')]), 'serving', 'fell-to-cpu'],
  ])('%s', (_, view, machine, condition) => {
    expect(conditionOf(view, machine)).toBe(condition);
    expect(conditionText(view, conditionOf(view, machine)).label).not.toBe('');
  });

  it('needs attention only where something is wrong', () => {
    const wrong = ['gpu-lost', 'resting', 'unreachable', 'failed'] as const;
    const right = ['off', 'machine-off', 'starting', 'no-model', 'gpu', 'cpu', 'fell-to-cpu'] as const;
    expect(wrong.every(needsAttention)).toBe(true);
    expect(right.some(needsAttention)).toBe(false);
  });

  it('says what to do only if nothing else does', () => {
    const silent = runner('one', { state: 'unreachable' });
    expect(conditionText(silent, 'unreachable').about).not.toBe('');
    const speaking = runner('one', { state: 'unreachable', problem: problem('NOT_A_RUNNER') });
    expect(conditionText(speaking, 'unreachable').about).toBe('');
  });
});

describe('the share of the graph', () => {
  const used = (share: number | null) => [rung('dml', 'used', { share })];

  it('is the least of the models in memory, of the provider in use', () => {
    const status = runnerStatus({
      provider: 'dml',
      ladder: used(1),
      models: [
        runnerModel('a', { provider: 'dml', ladder: used(0.97) }),
        runnerModel('b', { provider: 'dml', ladder: used(0.61) }),
        runnerModel('c', { provider: 'cpu', ladder: [rung('cpu', 'used', { share: 0.1 })] }),
        runnerModel('d', { state: 'on-disk', provider: null, ladder: used(0.2) }),
      ],
    });
    expect(shareOf({ status })).toBe(0.61);
  });

  it('is that of the small graph before a model is loaded, and null if it was not measured', () => {
    expect(shareOf({ status: runnerStatus({ provider: 'dml', ladder: used(0.9), models: [] }) })).toBe(0.9);
    expect(shareOf({ status: runnerStatus({ provider: 'dml', ladder: used(null), models: [] }) })).toBeNull();
    expect(shareOf({ status: null })).toBeNull();
  });
});

describe('a rung', () => {
  it('has its time with one decimal where that matters', () => {
    expect([2.14, 9.96, 31, 1520, null].map(rungTime)).toEqual(['2.1 ms', '10 ms', '31 ms', '1.5 s', null]);
  });

  it('of a CPU that was only measured is not said to be untried', () => {
    const measured = rungLabel(rung('cpu', 'untried', { ms: 8 }));
    expect(measured).not.toBe(rungLabel(rung('cpu', 'untried')));
    expect(rungLabel(rung('cpu', 'used', { ms: 8 }))).toBe(rungLabel(rung('cpu', 'used')));
  });

  it('is compared with the CPU only if both were measured', () => {
    expect(speedText(rung('dml', 'used', { ms: 2, cpuMs: 8 }))).toContain('4×');
    expect(speedText(rung('dml', 'used', { ms: 1, cpuMs: 24.4 }))).toContain('24×');
    expect(speedText(rung('dml', 'used', { ms: 2 }))).toBeNull();
    expect(speedText(rung('dml', 'used', { ms: 0, cpuMs: 8 }))).toBeNull();
    expect(speedText(rung('cpu', 'used', { ms: 8, cpuMs: 8 }))).toBeNull();
  });
});

describe('the targets', () => {
  it('are met, missed, or not measured', () => {
    const { client } = runner('one');
    const targets = {
      success: { value: 0.9499, met: false },
      latency: { value: 312, met: true },
      gpu: { value: null, met: null },
      fallback: { value: 0.05, met: false },
    };
    const texts = targetTexts({ ...client, targets });
    expect(texts.map(({ state }) => state)).toEqual(['missed', 'met', 'unmeasured', 'missed']);
    // A goal that is missed by a little must not read as reached.
    expect(texts.map(({ value }) => value)).toEqual(['94.9%', '312 ms', '–', '5%']);
  });
});

describe('the latency', () => {
  it('says how many batches were fast, and nothing where there were none', () => {
    const { client } = runner('one');
    expect(describeLatency(client)).toMatch(/98%/);
    expect(describeLatency({ ...client, batches: 0 })).not.toMatch(/%/);
  });
});

describe('models', () => {
  it('leave the memory in a while, at once, or never', () => {
    const model = (expiresAt: number | null) => runnerModel('a', { expiresAt });
    expect(droppedIn(model(100_000), 40_500)).toBe('1 min');
    expect(droppedIn(model(100_000), 100_001)).toBe('now');
    expect(droppedIn(model(null), 0)).toBe('kept');
    expect(droppedIn(runnerModel('a', { state: 'on-disk', expiresAt: 9 }), 0)).toBe('');
  });

  it('are listed by runner, then by name; the same name may be on two', () => {
    const status = runnerStatus({ models: [runnerModel('b10'), runnerModel('b9'), faceModel()] });
    const rows = modelRows([runner('x', { status }), runner('y', { status }), runner('z', { status: null })]);
    expect(rows.map(({ key }) => key)).toEqual([
      'x b9',
      'x b10',
      'x faces-small',
      'y b9',
      'y b10',
      'y faces-small',
    ]);
  });

  it('are downloaded: those under way first, then the latest', () => {
    const pull = (name: string, state: 'running' | 'done', startedAt: number) => ({
      name,
      state,
      startedAt,
      doneBytes: 0,
      totalBytes: null,
      problem: null,
    });
    const pulls = [pull('a', 'done', 5), pull('b', 'running', 1), pull('c', 'done', 9)];
    expect(pullRows([runner('x', { pulls })]).map(({ pull: { name } }) => name)).toEqual(['b', 'c', 'a']);
  });

  it.each([
    ['/models/minilm', 'minilm'],
    ['/models/all MiniLM (v2)/', 'all-MiniLM-v2'],
    ['C:\\models\\bge-small', 'bge-small'],
    ['/.hidden', 'hidden'],
    ['///', ''],
    ['', ''],
  ])('%s is called %s', (path, name) => expect(nameFromPath(path)).toBe(name));

  it('are refused beside the field that is wrong', () => {
    const error = (code: string, details?: Record<string, unknown>) =>
      ({ code, message: 'No.', next: 'Yes.', ...(details && { details }) }) as never;
    expect(addErrors(null)).toEqual({});
    expect(addErrors(error('ALREADY_EXISTS'))).toHaveProperty('name');
    expect(addErrors(error('BAD_REQUEST', { field: 'name' }))).toHaveProperty('name');
    expect(addErrors(error('BAD_REQUEST', { field: 'path' }))).toHaveProperty('path');
    expect(addErrors(error('RUNNER_ERROR', { code: 'RUNNER_BAD_MODEL' }))).toHaveProperty('path');
    expect(addErrors(error('RUNNER_ERROR', { code: 'RUNNER_BAD_NAME' }))).toHaveProperty('name');
    expect(addErrors(error('HOST_UNREACHABLE'))).toEqual({});
  });
});

describe('many runners', () => {
  const lost = runner('lost', { problem: problem('RUNNER_GPU_LOST') });
  const asleep = runner('asleep', { state: 'unreachable', status: null });
  const refused = runner('refused', { state: 'unreachable', problem: problem('RUNNER_REFUSED') });
  const ready = runner('ready-2');
  const off = runner('here', { from: 'this-computer', state: 'off' });
  const all = [off, asleep, lost, ready, refused];
  const machines = { asleep: 'off', refused: 'serving' } as const;

  it('are counted by what they need', () => {
    expect(countGroups(all, machines)).toEqual({ all: 5, attention: 2, ready: 1, off: 2 });
  });

  it('are found by their state and every word of their name', () => {
    const names = (filter: Parameters<typeof matchRunners>[2]) =>
      matchRunners(all, machines, filter).map(({ name }) => name);
    expect(names({ group: 'off', text: '' })).toEqual(['here', 'asleep']);
    expect(names({ group: 'all', text: ' READY 2' })).toEqual(['ready-2']);
    expect(names({ group: 'attention', text: 'ready' })).toEqual([]);
  });

  it('are shown with what needs attention first, and each once', () => {
    const rows = inRows(all, machines);
    expect(rows.map(({ row, runners }) => [row, runners.map(({ name }) => name)])).toEqual([
      ['trouble', ['refused']],
      ['running', ['lost', 'ready-2']],
      ['quiet', ['here', 'asleep']],
    ]);
  });

  it('begin with this computer, then by name', () => {
    const views = [runner('b10'), runner('b9'), runner('z', { from: 'this-computer' })];
    const entries = Object.fromEntries(views.map((view) => [view.nodeId, view]));
    const state = { ready: true, entries, keys: Object.keys(entries) };
    expect(selectRunners(state).map(({ name }) => name)).toEqual(['z', 'b9', 'b10']);
  });
});

describe('the address of the page', () => {
  it.each([
    ['runners', null],
    ['models', 'runner:192.168.1.77:8765'],
    ['try', 'gpu & tower'],
  ] as const)('%s of %s is read as it was written', (part, nodeId) => {
    expect(readAddress(runnerHref(part, nodeId))).toMatchObject({ part, nodeId });
  });

  it('is that of the runners if it names nothing that is there', () => {
    expect(readAddress('#/runner?view=nothing&on=&show=nothing&q=&model=')).toEqual({
      ...{ part: 'runners', nodeId: null, group: 'all', text: '', model: null },
    });
    expect(readAddress('#/models?view=try&on=nas')).toMatchObject({ part: 'runners', nodeId: null });
  });

  it('has the filter and the model as they were written', () => {
    const address = { part: 'models', nodeId: 'nas', group: 'ready', text: 'a b', model: 'nas m' } as const;
    expect(readAddress(addressHash(address))).toEqual(address);
  });
});
