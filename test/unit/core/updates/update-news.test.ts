import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newsSince, newsState, readChanges } from '../../../../electron/core/updates/update-news.ts';
import packageJson from '../../../../package.json' with { type: 'json' };

const text = `# What is new

About this file.

## 0.3.0

- Third.

### More

Text.

## [0.2.0] - 2026-11-01

- Second.

## Not a version

still of 0.2.0

## 0.1.0
`;

describe('what is new', () => {
  it('is read by version', () => {
    expect(readChanges(text)).toEqual([
      { version: '0.3.0', notes: '- Third.\n\n### More\n\nText.' },
      { version: '0.2.0', notes: '- Second.\n\n## Not a version\n\nstill of 0.2.0' },
      { version: '0.1.0', notes: '' },
    ]);
    expect(readChanges(text.replaceAll('\n', '\r\n'))).toHaveLength(3);
    expect(readChanges('')).toEqual([]);
  });

  it('is in this repository for the version that it has', () => {
    const changes = readChanges(readFileSync(new URL('../../../../CHANGELOG.md', import.meta.url), 'utf8'));
    expect(changes.find(({ version }) => version === packageJson.version)?.notes).toBeTruthy();
  });

  it('is nothing on a first start, and nothing that was seen', () => {
    expect(newsState(null, '1.0.0')).toBe('first');
    expect(newsState('1.0.0', '1.0.0')).toBe('same');
    expect(newsState('1.0.0', '1.0.1')).toBe('newer');
    expect(newsState('1.0.1', '1.0.0')).toBe('back');
    expect(newsState('odd', '1.0.0')).toBe('same');
  });

  it('is of every version since the one before', () => {
    const changes = readChanges(text);
    expect(newsSince(changes, { seen: '0.2.0', running: '0.3.0' })).toBe('- Third.\n\n### More\n\nText.');
    const both = newsSince(changes, { seen: '0.1.0', running: '0.3.0' });
    expect(both).toMatch(/^## 0\.3\.0\n\n- Third\.[\s\S]*## 0\.2\.0\n\n- Second\./);
    // Not of one that is newer than what runs.
    expect(newsSince(changes, { seen: '0.1.0', running: '0.2.0' })).not.toContain('Third');
    expect(newsSince(changes, { seen: '0.3.0', running: '0.4.0' })).toBeNull();
    // A version without notes has none.
    expect(newsSince(changes, { seen: '0.0.1', running: '0.1.0' })).toBeNull();
  });
});
