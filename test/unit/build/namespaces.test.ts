import { describe, expect, it } from 'vitest';
import { namespacesMissing } from '../../../build/lib/namespaces.mjs';
import { exitCodes, incompleteWith, type StageResult, summarise } from '../../../build/lib/stages.mjs';

const passed: StageResult = {
  stage: 'integration',
  outcome: 'passed',
  counts: { passed: 7, failed: 0, skipped: 4 },
};

describe('network namespaces', () => {
  it('are tried, and what was made is removed', () => {
    const calls: string[] = [];
    const ip = (args: readonly string[]) => calls.push(args.slice(0, 2).join(' ')) > 0;
    expect(namespacesMissing({ platform: 'linux', ip })).toBeNull();
    expect(calls).toEqual(['netns add', 'netns del']);
  });

  it('are missing without the rights or the tool, and on other systems, where nothing is tried', () => {
    const fix = expect.stringContaining('as root on Linux, with iproute2');
    expect(namespacesMissing({ platform: 'linux', ip: () => false })).toEqual({ fix });
    const never = () => {
      throw new Error('It was tried.');
    };
    expect(namespacesMissing({ platform: 'darwin', ip: never })).toEqual({ fix });
  });

  it('that are missing make a run incomplete that says why, and one of CI a failure', () => {
    const missing = namespacesMissing({ platform: 'darwin' });
    const result = incompleteWith(passed, [missing?.fix, undefined, 'Something else.']);
    expect(result).toMatchObject({ outcome: 'incomplete', fix: `${missing?.fix} Something else.` });
    expect(summarise([result], false)).toMatchObject({
      exitCode: exitCodes.incomplete,
      fixes: [result.fix],
    });
    expect(summarise([result], true)).toMatchObject({
      exitCode: exitCodes.failed,
      closingLine: '7 passed, 1 failed, 4 skipped',
    });
  });

  it('change nothing for a stage that had all it needs, and hide no failure', () => {
    expect(incompleteWith(passed, [undefined])).toBe(passed);
    const failed = { ...passed, outcome: 'failed' as const };
    expect(incompleteWith(failed, ['Something.'])).toMatchObject({ outcome: 'failed', fix: 'Something.' });
  });
});
