import { describe, expect, it } from 'vitest';
import { defineTag } from '../../../electron/simulator/catalogue.ts';
import { checkOptionTypes, needsReload, resolveLoadOptions } from '../../../electron/simulator/options.ts';
import { SMALL } from './support.ts';

describe('option types', () => {
  it.each([
    [{ num_gpu: 'all' }, 'option "num_gpu" must be of type integer'],
    [{ num_ctx: true }, 'option "num_ctx" must be of type integer'],
    [{ temperature: 'hot' }, 'option "temperature" must be of type float32'],
    [{ use_mmap: 1 }, 'option "use_mmap" must be of type boolean'],
    [{ stop: 'x' }, 'option "stop" must be of type array'],
  ])('%j fails', (options, message) => {
    expect(() => checkOptionTypes(options)).toThrow(message);
  });

  it('lets unknown options and nulls pass', () => {
    expect(() => checkOptionTypes({ speed: 'fast', num_gpu: null, num_ctx: 4096 })).not.toThrow();
  });
});

describe('load options', () => {
  it('take the request before the Modelfile before the defaults', () => {
    const tag = defineTag(SMALL, 'tag', { num_ctx: 1024, num_gpu: 7, use_mmap: false });
    expect(resolveLoadOptions({}, SMALL, 4096)).toEqual({
      numCtx: 4096,
      numBatch: 512,
      numGpu: -1,
      mainGpu: null,
      useMmap: null,
      numThread: 0,
      shift: true,
    });
    expect(resolveLoadOptions({ num_gpu: 3 }, tag, 4096)).toMatchObject({
      numCtx: 1024,
      numGpu: 3,
      useMmap: false,
    });
  });

  it('never have a context below 4', () => {
    expect(resolveLoadOptions({ num_ctx: 0 }, SMALL, 4096).numCtx).toBe(4);
  });

  it('−1 layers are content with any placement, and any number is not content with −1', () => {
    const at = (numGpu: number) => ({ ...resolveLoadOptions({}, SMALL, 4096), numGpu });
    expect(needsReload(at(0), at(-1))).toBe(false);
    expect(needsReload(at(999), at(-1))).toBe(false);
    expect(needsReload(at(-1), at(999))).toBe(true);
    expect(needsReload(at(-1), at(0))).toBe(true);
    expect(needsReload(at(999), at(999))).toBe(false);
  });
});
