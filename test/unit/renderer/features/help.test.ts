import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { helpFor, readHelp, searchHelp } from '../../../../renderer/features/help/help-entries.ts';
import { hasHelp, withoutEntry } from '../../../../renderer/features/help/without-entry.ts';
import { helpEntries } from '../../../../renderer/features/palette/palette-help.ts';
import { prepare, rank } from '../../../../renderer/features/palette/rank.ts';
import { agentErrors } from '../../../../shared/contract/errors/agent.ts';
import { errorCodes } from '../../../../shared/contract/errors.ts';

const guide = readHelp(readFileSync(new URL('../../../../docs/troubleshooting.md', import.meta.url), 'utf8'));
const every = [...new Set([...errorCodes, ...Object.keys(agentErrors)])];

describe('the guide', () => {
  it('has its paragraphs in one line each, and lists, tables and code as they are', () => {
    const [entry] = readHelp(
      '### A\n\nOne\ntwo\nthree.\n\n- a\n  b\n- c\n\n```\nd\ne\n```\n\n| f |\n| - |\n',
    );
    expect(entry?.text).toBe('One two three.\n\n- a b\n- c\n\n```\nd\ne\n```\n\n| f |\n| - |');
    for (const { text, title } of guide)
      expect(/[a-z,;]\n[a-z]/.exec(text.replaceAll(/```[\s\S]*?```/g, ''))?.[0], title).toBeUndefined();
  });

  it('explains every code of the catalogues, or says why it does not', () => {
    const unexplained = every.filter((code) => hasHelp(code) && helpFor(guide, code) === null);
    expect(unexplained).toEqual([]);
  });

  it('has no code on the list of those without an entry', () => {
    const listed = Object.values(withoutEntry).flat();
    expect(listed.filter((code) => helpFor(guide, code) !== null)).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((code) => !every.includes(code))).toEqual([]);
  });

  it('names no code that does not exist', () => {
    const lines = readFileSync(new URL('../../../../docs/troubleshooting.md', import.meta.url), 'utf8');
    const named = [...lines.matchAll(/(?:^|\n)Codes: ([A-Z0-9_,\s]+)\./g)].flatMap(([, list = '']) =>
      list.split(/[,\s]+/).filter(Boolean),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((code) => !every.includes(code))).toEqual([]);
  });

  it('leads to its own entry where the heading has the code', () => {
    expect(helpFor(guide, 'WAKE_TIMEOUT')?.title).toBe('A wake ends with WAKE_TIMEOUT');
    expect(helpFor(guide, 'GPU_LOST')?.title).toContain('without its GPU');
    expect(helpFor(guide, 'SERVER_DISK_FULL')?.title).toContain("can't be downloaded");
    expect(helpFor(guide, 'NO_SUCH_CODE')).toBeNull();
  });

  it('has a title and a text in each entry, and each title once', () => {
    for (const { title, text, part } of guide) {
      expect([title, part, text].every((one) => one !== '')).toBe(true);
      expect(text).not.toContain('Codes:');
    }
    expect(new Set(guide.map(({ title }) => title)).size).toBe(guide.length);
  });
});

describe('reading it', () => {
  it('keeps headings in code blocks, and takes the codes of a heading and of a line', () => {
    const entries = readHelp(
      '# G\n\n## P\n\n### It (AB_C, CD)\ntext\n\n```\n### no\n```\n\nCodes: EF_G,\nGH_I.\n\n### GPU in words\nx',
    );
    expect(entries).toEqual([
      { title: 'It', part: 'P', codes: ['AB_C', 'CD', 'EF_G', 'GH_I'], text: 'text\n\n```\n### no\n```' },
      { title: 'GPU in words', part: 'P', codes: [], text: 'x' },
    ]);
  });
});

describe('searching it', () => {
  it('finds every word, in titles and codes first', () => {
    expect(searchHelp(guide, 'wake_timeout')[0]?.title).toContain('WAKE_TIMEOUT');
    expect(searchHelp(guide, 'mac address')[0]?.title).toBe('Where is the MAC address?');
    expect(searchHelp(guide, '')).toHaveLength(guide.length);
    expect(searchHelp(guide, 'qqqq')).toEqual([]);
  });

  it('works from the palette, by code and by symptom', () => {
    const entries = prepare(helpEntries(guide));
    const first = (query: string) => rank(entries, query, { recent: [], limit: 5 }).entries[0]?.title;
    expect(first('help')).toBe('Help');
    expect(first('shortcuts')).toBe('Keyboard shortcuts');
    expect(first('relay_failed')).toBe('RELAY_FAILED');
    expect(first('where is the mac')).toBe('Where is the MAC address?');
    expect(first('server_disk_full')).toContain("can't be downloaded");
  });
});
