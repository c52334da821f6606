import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readTarball } from '../../../build/lib/tarball.mjs';
import { createTarball } from '../../fakes/tarball.ts';

describe('readTarball', () => {
  it('gives the files that were asked for, byte for byte', () => {
    const content = 'x'.repeat(1_300);
    const archive = createTarball([
      { name: 'package/README.md', content: 'read me' },
      { name: 'package/bin/', type: '5' },
      { name: 'package/bin/node', content },
    ]);
    const files = readTarball(archive, ['package/bin/node', 'package/absent']);
    expect([...files.keys()]).toEqual(['package/bin/node']);
    expect(files.get('package/bin/node')?.toString()).toBe(content);
  });

  it('takes no link for a file', () => {
    const archive = createTarball([{ name: 'package/bin/node', type: '2' }]);
    expect(readTarball(archive, ['package/bin/node']).size).toBe(0);
  });

  it('refuses an archive that ends inside a file', () => {
    const whole = gunzipSync(createTarball([{ name: 'package/bin/node', content: 'x'.repeat(2_000) }]));
    expect(() => readTarball(gzipSync(whole.subarray(0, 1_024)), ['package/bin/node'])).toThrow(/damaged/);
  });

  it('refuses what is no gzip', () => {
    expect(() => readTarball(Buffer.from('<html>'), ['package/bin/node'])).toThrow();
  });
});
