// @ts-check
import { spawnSync } from 'node:child_process';

/**
 * Whether tests can create network namespaces here: this requires Linux, root and iproute2.
 * @param {object} [facts]
 * @param {NodeJS.Platform} [facts.platform]
 * @param {(args: readonly string[]) => boolean} [facts.ip] runs iproute2's `ip`; returns whether it succeeded
 * @returns {{ fix: string } | null} null if they can
 */
export function namespacesMissing({ platform = process.platform, ip = runIp } = {}) {
  const name = `pl-probe-${process.pid}`;
  if (platform === 'linux' && ip(['netns', 'add', name])) {
    ip(['netns', 'del', name]);
    return null;
  }
  return {
    fix: 'The tests in network namespaces were skipped. Run them as root on Linux, with iproute2.',
  };
}

/**
 * @param {readonly string[]} args
 * @returns {boolean}
 */
function runIp(args) {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
