// @ts-check
import { spawnSync } from 'node:child_process';

/**
 * Whether tests can make network namespaces here: it takes Linux, root and iproute2.
 * @param {object} [facts]
 * @param {NodeJS.Platform} [facts.platform]
 * @param {(args: readonly string[]) => boolean} [facts.ip] runs iproute2's `ip`; whether it worked
 * @returns {{ mend: string } | null} null where they can
 */
export function namespacesMissing({ platform = process.platform, ip = runIp } = {}) {
  const name = `pl-probe-${process.pid}`;
  if (platform === 'linux' && ip(['netns', 'add', name])) {
    ip(['netns', 'del', name]);
    return null;
  }
  return {
    mend: 'The tests in network namespaces did not run. Run them as root on Linux, with iproute2.',
  };
}

/**
 * @param {readonly string[]} args
 * @returns {boolean}
 */
function runIp(args) {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
