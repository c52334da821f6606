import { expect, it } from 'vitest';
import { requireVmTools } from '../../../build/lib/vm-image.mjs';
import { vmSummary } from '../../../build/lib/vm-summary.mjs';

const linux = { platform: 'linux', arch: 'x64', uid: 0, path: '/usr/bin' } as const;

it('names the packages that are missing, and nothing where all are there', () => {
  expect(() => requireVmTools({ ...linux, exists: () => true })).not.toThrow();
  const exists = (path: string) => !/qemu-img|OVMF|debootstrap/.test(path);
  expect(() => requireVmTools({ ...linux, exists })).toThrow(
    expect.objectContaining({
      code: 'SETUP_SYSTEM',
      nextStep: 'Run: apt-get install --no-install-recommends qemu-utils ovmf debootstrap',
    }),
  );
});

it('finds programs that only the path of root has', () => {
  const exists = (path: string) => path.startsWith('/usr/sbin/') || path.endsWith('.fd');
  expect(() => requireVmTools({ ...linux, exists })).not.toThrow();
});

it('refuses another system and another user before it does anything', () => {
  const exists = () => true;
  for (const facts of [
    { ...linux, platform: 'darwin' as const },
    { ...linux, arch: 'arm64' },
    { ...linux, uid: 1000 },
  ]) {
    expect(() => requireVmTools({ ...facts, exists })).toThrow(
      expect.objectContaining({ code: 'SETUP_SYSTEM' }),
    );
  }
});

const result = (release: string, title: string, status: string, duration = 1500) => ({
  ancestorTitles: [release, 'installed'],
  title,
  status,
  duration,
});

it('puts the cases of both releases side by side and counts what failed', () => {
  const { lines, failed } = vmSummary({
    testResults: [
      {
        status: 'passed',
        startTime: 0,
        endTime: 4000,
        assertionResults: [result('bookworm', 'sleeps', 'passed'), result('bookworm', 'restarts', 'skipped')],
      },
      {
        status: 'failed',
        startTime: 4000,
        endTime: 9000,
        assertionResults: [result('trixie', 'sleeps', 'failed'), result('trixie', 'wakes', 'passed')],
      },
    ],
  });
  expect(failed).toBe(1);
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ['case', 'bookworm', 'trixie'],
    ['sleeps', 'passed 1.5 s', 'failed 1.5 s'],
    ['wakes', '-', 'passed 1.5 s'],
    ['bookworm: 1 passed, 0 failed, 4.0 s'],
    ['trixie: 1 passed, 1 failed, 5.0 s'],
  ]);
});

it('never reads a run without results as a good one', () => {
  expect(vmSummary(undefined).failed).toBe(1);
  expect(vmSummary({ testResults: [{ status: 'failed', assertionResults: [] }] }).failed).toBe(1);
  expect(vmSummary({ testResults: [] }).failed).toBe(1);
});
