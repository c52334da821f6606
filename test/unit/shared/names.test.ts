import { describe, expect, it } from 'vitest';
import { newRecord, ofToday } from '../../../electron/core/fleet/records.ts';
import { name } from '../../../shared/contract/definition.ts';
import { exportedNodeSchema, exportedSourceSchema } from '../../../shared/models/transfer.ts';
import { PRINTABLE, UNPRINTABLE } from '../../fakes/unprintable.ts';

describe('a name', () => {
  const places: readonly [string, (value: string) => unknown][] = [
    ['that a person enters', (value) => name.parse(value)],
    ['in an import, of a node', (value) => exportedNodeSchema.shape.name.parse(value)],
    ['in an import, of a folder', (value) => exportedSourceSchema.shape.name.parse(value)],
    ['of a new node', (value) => record(value).name],
    ['of a saved node', (value) => ofToday({ ...record('x'), name: value }).name],
  ];
  const record = (value: string) =>
    newRecord({ url: 'http://127.0.0.1:11434', name: value }, { id: 'n1', now: 0 });

  describe.each(places)('%s', (_, read) => {
    it.each(UNPRINTABLE)('loses %s', (__, character) => {
      expect(read(`a${character}b`)).toMatch(/^a ?b$/);
    });

    it.each(PRINTABLE)('keeps %s', (text) => {
      expect(read(text)).toBe(text);
    });
  });

  it('of nothing printable is refused where it is entered, and replaced where it is saved', () => {
    for (const text of ['\u200b\u202e', ' \n ', '']) {
      expect(name.safeParse(text).success).toBe(false);
      expect(ofToday({ ...record('x'), name: text }).name).not.toBe('');
    }
    expect(name.safeParse('x'.repeat(121)).success).toBe(false);
    expect(name.parse(`${'x'.repeat(120)}\n`)).toHaveLength(120);
  });
});
