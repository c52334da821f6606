import { spawnSync } from 'node:child_process';

/**
 * Whether this machine lets a test make network namespaces (Linux, root, iproute2): `ip`, else null. Throws in CI,
 * where a suite may not be left out.
 */
export function findNamespaceTools(): 'ip' | null {
  const name = `pl-try-${process.pid}`;
  const made = process.platform === 'linux' && spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (made) spawnSync('ip', ['netns', 'del', name]);
  if (!made && process.env.CI) {
    throw new Error('Network namespaces cannot be made. Run the tests as root on Linux, with iproute2.');
  }
  return made ? 'ip' : null;
}
