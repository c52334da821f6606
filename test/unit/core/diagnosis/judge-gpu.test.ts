import { describe, expect, it } from 'vitest';
import {
  type GpuFacts,
  type GpuTools,
  gpuToUse,
  judgeGpu,
  judgeUsedGpu,
  type UsedGpuFacts,
} from '../../../../electron/core/diagnosis/judge-gpu.ts';
import { aModel } from '../../../fakes/inference-server.ts';
import { type Code, expectVerdict, na, type State } from './verdicts.ts';

const tools = (
  gpusRead: GpuTools['gpusRead'],
  gpus: GpuTools['gpus'] = [],
  problems: string[] = [],
): GpuTools => ({
  gpus,
  gpusRead,
  problems,
});
const card = { name: 'RTX 4090' };
const integrated = { name: 'AMD Radeon Graphics', integrated: true as const };

describe('whether a GPU is detected', () => {
  const facts = (hasGpu: boolean | null, read: GpuTools | null, verified = false): GpuFacts => ({
    hasGpu,
    verified,
    tools: read,
  });
  const hangs = ['nvidia-smi hangs.'];
  it.each<[string, GpuFacts, State, Code, Code?]>([
    ['detected', facts(true, tools('all', [card])), 'pass', 'GPUS_DETECTED'],
    ['detected beside one that fails', facts(true, tools('failed', [card], hangs)), 'pass', 'GPUS_DETECTED'],
    ['not reported', facts(true, null), na, 'GPUS_NOT_REPORTED'],
    ['not reported, and there is none', facts(false, null), na, 'NO_GPU'],
    ['none, by a complete reading', facts(null, tools('all')), na, 'NO_GPU'],
    ['none, by a complete reading with a remark', facts(null, tools('all', [], hangs)), na, 'NO_GPU'],
    ['none that this computer could read', facts(null, tools('partly')), na, 'NO_GPU_DETECTED'],
    ['used, but no tool reads it', facts(true, tools('partly'), true), na, 'GPU_USED_BUT_NOT_REPORTED'],
    ['lost', facts(true, tools('all')), 'fail', 'TOOLS_DETECT_NO_GPU', 'FIX_GPU_DRIVER'],
    ['lost on this computer', facts(true, tools('partly')), 'fail', 'TOOLS_DETECT_NO_GPU', 'FIX_GPU_DRIVER'],
    ['its tool fails', facts(null, tools('failed', [], hangs)), 'fail', 'GPU_UNREADABLE', 'FIX_GPU_DRIVER'],
    ['its tool fails, but there is none', facts(false, tools('failed', [], hangs)), na, 'NO_GPU'],
    ['its tool has not answered yet', facts(true, tools('not-yet')), na, 'GPUS_NOT_YET_READ'],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeGpu(given), state, seen, fix));
});

describe('whether there is a GPU to use', () => {
  it.each<[string, boolean | null, GpuTools | null, boolean | null]>([
    ['nothing reports it', null, null, null],
    ['nothing reports one that is known', true, null, true],
    ['a card', null, tools('all', [card]), true],
    ['a complete reading without any', null, tools('all'), false],
    ['a complete reading without the known one', true, tools('all'), false],
    ['a reading that failed', null, tools('failed'), null],
    ['a reading that failed, of a known one', true, tools('failed'), true],
    ['tools that may miss one', null, tools('partly'), null],
    ['only integrated graphics', null, tools('all', [integrated]), null],
    ['only integrated graphics, which are not used', false, tools('all', [integrated]), false],
    ['integrated graphics that were used', true, tools('all', [integrated]), true],
  ])('%s', (_, hasGpu, read, expected) => {
    expect(gpuToUse({ hasGpu, tools: read })).toBe(expected);
  });
});

describe('whether the GPU is used', () => {
  const facts = (changes: Partial<UsedGpuFacts>): UsedGpuFacts => ({
    hasGpu: true,
    hasServer: true,
    serverAnswers: true,
    loaded: [],
    foundAtStart: null,
    mayRestartOllama: false,
    ...changes,
  });
  const onCpu = [aModel({ vramBytes: 0 })];
  it.each<[string, UsedGpuFacts, State, Code, Code?]>([
    ['no server', facts({ hasServer: false, serverAnswers: false }), na, 'THIS_NODE_HAS_NO_SERVER'],
    ['no answer', facts({ serverAnswers: false }), na, 'SERVER_IS_SILENT'],
    ['a model in VRAM', facts({ loaded: [aModel()], foundAtStart: false }), 'pass', 'MODELS_IN_VRAM'],
    ['found', facts({ foundAtStart: true }), 'pass', 'GPU_FOUND_AT_START'],
    ['nothing loaded', facts({}), na, 'NO_MODEL_TO_SHOW_GPU'],
    ['no GPU', facts({ hasGpu: false, foundAtStart: false }), na, 'NO_GPU_TO_USE'],
    ['no GPU, with a model on the CPU', facts({ hasGpu: false, loaded: onCpu }), na, 'NO_GPU_TO_USE'],
    [
      'started before its GPU',
      facts({ foundAtStart: false }),
      'fail',
      'NO_GPU_FOUND_AT_START',
      'RESTART_TO_FIND_GPU',
    ],
    [
      'unknown GPU, not found at start',
      facts({ hasGpu: null, foundAtStart: false }),
      na,
      'NO_MODEL_TO_SHOW_GPU',
    ],
    ['fell back to the CPU', facts({ loaded: onCpu }), 'fail', 'MODELS_ON_CPU', 'RESTART_UNLESS_CHOSEN'],
    ['on the CPU, with an unknown GPU', facts({ loaded: onCpu, hasGpu: null }), na, 'NO_MODEL_TO_SHOW_GPU'],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeUsedGpu(given), state, seen, fix));

  it('names the button that restarts the server', () => {
    const { fix } = judgeUsedGpu(facts({ foundAtStart: false, mayRestartOllama: true }));
    expect(fix?.params).toEqual({ button: true });
  });
});
