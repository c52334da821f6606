import { describe, expect, it } from 'vitest';
import {
  closingLine,
  countTests,
  exitCodes,
  type StageResult,
  selectStages,
  stageNames,
  summarise,
} from '../../../build/lib/stages.mjs';

const passed = (stage: StageResult['stage'], count: number): StageResult => ({
  stage,
  outcome: 'passed',
  counts: { passed: count, failed: 0, skipped: 0 },
});

describe('selectStages', () => {
  it('runs everything by default, in order, but what is only run by name', () => {
    const stages = stageNames.filter((name) => name !== 'real-parts' && name !== 'package');
    expect(selectStages([], false)).toEqual({ stages, filters: [], needsBuild: true });
    expect(selectStages(['real-parts'], false)).toMatchObject({ stages: ['real-parts'], needsBuild: false });
  });

  it('leaves out nothing on CI', () => {
    expect(selectStages([], true)).toEqual({ stages: [...stageNames], filters: [], needsBuild: true });
    expect(selectStages(['fleet'], true).stages).toContain('real-parts');
  });

  it('runs the named stages in their own order, without a build where none needs it', () => {
    expect(selectStages(['unit', 'types'], false)).toEqual({
      stages: ['types', 'unit'],
      filters: [],
      needsBuild: false,
    });
  });

  it('takes other words as filters', () => {
    expect(selectStages(['unit', 'fleet'], true)).toMatchObject({ stages: ['unit'], filters: ['fleet'] });
    expect(selectStages(['fleet'], false).stages).toEqual([
      'unit',
      'contract',
      'integration',
      'end-to-end',
      'desktop',
    ]);
  });

  it('knows e2e by its short name', () => {
    expect(selectStages(['e2e'], false)).toEqual({ stages: ['end-to-end'], filters: [], needsBuild: true });
  });

  it('refuses an option with a code', () => {
    expect(() => selectStages(['--watch'], false)).toThrowError(
      expect.objectContaining({ code: 'SETUP_OPTION', exitCode: exitCodes.usage }),
    );
  });
});

describe('summarise', () => {
  it('adds up', () => {
    expect(summarise([passed('unit', 3), passed('contract', 2)], false)).toMatchObject({
      exitCode: exitCodes.passed,
      closingLine: '5 passed, 0 failed',
    });
  });

  it('counts a failed check that has no tests as one failure', () => {
    const types: StageResult = {
      stage: 'types',
      outcome: 'failed',
      counts: { passed: 0, failed: 0, skipped: 0 },
    };
    expect(summarise([types, passed('unit', 3)], false)).toMatchObject({
      exitCode: exitCodes.failed,
      closingLine: '3 passed, 1 failed',
    });
  });

  const incomplete: StageResult = {
    stage: 'end-to-end',
    outcome: 'incomplete',
    counts: { passed: 0, failed: 0, skipped: 0 },
    fix: 'Install it.',
  };

  it('ends as incomplete, with how to fix it, where a suite cannot run', () => {
    expect(summarise([passed('unit', 3), incomplete], false)).toMatchObject({
      exitCode: exitCodes.incomplete,
      closingLine: '3 passed, 0 failed',
      fixes: ['Install it.'],
    });
  });

  it('fails on CI where a suite cannot run', () => {
    expect(summarise([passed('unit', 3), incomplete], true)).toMatchObject({
      exitCode: exitCodes.failed,
      closingLine: '3 passed, 1 failed',
    });
  });
});

describe('countTests', () => {
  it('reads a report of vitest', () => {
    const report = {
      numTotalTests: 6,
      numPassedTests: 3,
      numFailedTests: 1,
      numPendingTests: 1,
      numTodoTests: 1,
    };
    expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  it('reads a report of Playwright, where a flaky test is a failed one', () => {
    const report = { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 } };
    expect(countTests(report, 1)).toEqual({ passed: 4, failed: 2, skipped: 2 });
  });

  it('counts a failure outside of tests', () => {
    const report = { numTotalTests: 3, numPassedTests: 3, numFailedTests: 0, numPendingTests: 0 };
    expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
    expect(countTests(undefined, 137)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('closingLine', () => {
  it('names skipped tests only where there are some', () => {
    expect(closingLine({ passed: 2, failed: 0, skipped: 0 })).toBe('2 passed, 0 failed');
    expect(closingLine({ passed: 2, failed: 1, skipped: 3 })).toBe('2 passed, 1 failed, 3 skipped');
  });
});
