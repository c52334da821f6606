import { describe, expect, it } from 'vitest';
import { modelsHash, readModelsFilter } from '../../../../renderer/features/models/address.ts';
import { noFilter } from '../../../../renderer/features/models/filter.ts';

describe('the filter in the address', () => {
  it.each([
    [noFilter, '#/models'],
    [{ text: 'llama & co?#%', awake: false, loaded: true }, '#/models?q=llama+%26+co%3F%23%25&only=loaded'],
    [{ text: '', awake: true, loaded: true }, '#/models?only=loaded+awake'],
  ])('%j is written and read again', (filter, hash) => {
    expect(modelsHash(filter)).toBe(hash);
    expect(readModelsFilter(hash)).toEqual(filter);
  });

  it('is none on another page, or for what is odd', () => {
    expect(readModelsFilter('#/fleet?q=x')).toEqual(noFilter);
    expect(readModelsFilter('#/models?only=all&x')).toEqual(noFilter);
    expect(readModelsFilter(`#/models?q=${'x'.repeat(500)}`).text).toHaveLength(200);
  });
});
