import { describe, expect, it } from 'vitest';
import { installedProviders } from '../../../../../electron/workers/runner/inference/onnxruntime.ts';

const ort = (...backends: { name: string; bundled?: boolean }[]) => ({
  listSupportedBackends: () => backends as never,
});
const cpu = { name: 'cpu', bundled: true };

describe('installed providers', () => {
  it('leave out what the package knows but does not contain', () => {
    const cuda = { name: 'cuda', bundled: false };
    expect(installedProviders(ort(cpu, cuda), () => false)).toEqual(['cpu']);
    expect(installedProviders(ort(cpu, cuda), (name) => name === 'cuda')).toEqual(['cpu', 'cuda']);
  });

  it('have those of a package that does not say it, and no unknown ones', () => {
    expect(
      installedProviders(ort({ name: 'webgpu' }, { name: 'abacus', bundled: true }), () => false),
    ).toEqual(['webgpu']);
  });
});
