// @ts-check
import { existsSync } from 'node:fs';
import { runCaptured } from './process.mjs';

const probeLimitMs = 10_000;

/**
 * `kvm` if a guest really runs with it: inside another virtual machine the device may exist and open, but never get
 * past the start of a kernel. A kernel without a disk panics at once, and QEMU ends with it.
 * @param {string} kernel
 * @returns {Promise<'kvm' | 'tcg,thread=multi'>}
 */
export async function chooseAccelerator(kernel) {
  const emulated = 'tcg,thread=multi';
  if (!existsSync('/dev/kvm')) return emulated;
  const { code, timedOut } = await runCaptured(
    'qemu-system-x86_64',
    [
      ...['-machine', 'q35', '-accel', 'kvm', '-cpu', 'max', '-m', '512', '-nodefaults', '-display', 'none'],
      ...['-no-reboot', '-kernel', kernel, '-append', 'panic=-1 quiet'],
    ],
    { timeoutMs: probeLimitMs },
  );
  return code === 0 && !timedOut ? 'kvm' : emulated;
}
