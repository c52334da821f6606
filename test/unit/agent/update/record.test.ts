import { describe, expect, it } from 'vitest';
import {
  beginTrial,
  chooseProgram,
  endTrial,
  namesIn,
  noUpdates,
  runningVersion,
  type UpdateRecord,
} from '../../../../electron/agent/update/record.ts';

const program = (version: string) => ({ version, name: `pilotlight-agent-${version}` });
const facts = { installed: '1.0.0', now: 7, isIntact: () => true };
const current = (version: string, previous: string | null = null): UpdateRecord => ({
  ...noUpdates,
  current: program(version),
  previous: previous === null ? null : program(previous),
});

describe('the program that starts', () => {
  it('is the installed one where nothing was sent', () => {
    expect(chooseProgram(noUpdates, facts)).toEqual({ program: null, isTrial: false, record: noUpdates });
  });

  it('is the one that was sent, while it is newer than the installed one', () => {
    expect(chooseProgram(current('1.1.0'), facts).program).toEqual(program('1.1.0'));
    for (const installed of ['1.1.0', '1.2.0']) {
      const choice = chooseProgram(current('1.1.0'), { ...facts, installed });
      expect(choice.program).toBeNull();
      expect(namesIn(choice.record)).toEqual(new Set());
    }
  });

  it('is the one before, or the installed one, where a file is damaged', () => {
    const damaged = (...bad: string[]) => ({
      ...facts,
      isIntact: ({ version }: { version: string }) => !bad.includes(version),
    });
    const record = current('1.2.0', '1.1.0');
    expect(chooseProgram(record, damaged('1.2.0')).program).toEqual(program('1.1.0'));
    expect(chooseProgram(record, damaged('1.2.0')).record).toMatchObject({
      current: program('1.1.0'),
      previous: null,
    });
    expect(chooseProgram(record, damaged('1.2.0', '1.1.0')).program).toBeNull();
  });
});

describe('a trial', () => {
  it('is counted before it starts, and given up after the third start', () => {
    let record = beginTrial(current('1.1.0'), program('1.2.0'));
    for (const starts of [1, 2, 3]) {
      const choice = chooseProgram(record, facts);
      expect(choice).toMatchObject({ program: program('1.2.0'), isTrial: true });
      expect(choice.record.trial?.starts).toBe(starts);
      record = choice.record;
    }
    expect(chooseProgram(record, facts)).toEqual({
      program: program('1.1.0'),
      isTrial: false,
      record: {
        ...current('1.1.0'),
        last: { version: '1.2.0', from: '1.1.0', outcome: 'rolled-back', code: 'NEVER_WELL', at: 7 },
      },
    });
  });

  it('never goes back', () => {
    for (const version of ['1.0.9', '1.1.0']) {
      const choice = chooseProgram(beginTrial(current('1.1.0'), program(version)), facts);
      expect(choice.program).toEqual(program('1.1.0'));
      expect(choice.record.last).toMatchObject({ outcome: 'rolled-back', code: 'AGENT_UPDATE_NOT_NEWER' });
    }
  });

  it('does not start a file that is damaged', () => {
    const choice = chooseProgram(beginTrial(noUpdates, program('1.2.0')), {
      ...facts,
      isIntact: () => false,
    });
    expect(choice.program).toBeNull();
    expect(choice.record.last).toMatchObject({
      version: '1.2.0',
      from: '1.0.0',
      code: 'AGENT_UPDATE_DAMAGED',
    });
  });

  it('keeps the version before it once it has proved itself', () => {
    const record = endTrial(beginTrial(current('1.1.0', '1.0.5'), program('1.2.0')), {
      installed: '1.0.0',
      now: 9,
      code: null,
    });
    expect(record).toEqual({
      current: program('1.2.0'),
      trial: null,
      previous: program('1.1.0'),
      last: { version: '1.2.0', from: '1.1.0', outcome: 'updated', code: null, at: 9 },
    });
    expect(namesIn(record)).toEqual(new Set([program('1.2.0').name, program('1.1.0').name]));
    expect(runningVersion(record, '1.0.0')).toBe('1.2.0');
    expect(runningVersion(record, '1.3.0')).toBe('1.3.0');
  });

  it('that nobody began does not end', () => {
    expect(endTrial(noUpdates, { installed: '1.0.0', now: 1, code: null })).toBe(noUpdates);
  });
});
