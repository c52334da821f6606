/** A text that changes with the devices and drivers of this computer, as far as that can be read without starting a program. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';

const readOr = (path: string) => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Short; equal while the same hardware, drivers and system are there. */
export function deviceKey(environment: NodeJS.ProcessEnv = process.env): string {
  const facts = [process.platform, process.arch, release(), cpus()[0]?.model ?? ''];
  if (process.platform === 'linux') {
    for (const card of namesIn('/sys/class/drm').filter((name) => /^(card|renderD)\d+$/.test(name)))
      facts.push(
        readOr(`/sys/class/drm/${card}/device/vendor`),
        readOr(`/sys/class/drm/${card}/device/device`),
      );
    facts.push(readOr('/proc/driver/nvidia/version'), existsSync('/dev/dri') ? 'dri' : '');
    for (const folder of ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d']) facts.push(...namesIn(folder));
  }
  facts.push(environment.VK_ICD_FILENAMES ?? '', environment.VK_DRIVER_FILES ?? '');
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 16);
}
