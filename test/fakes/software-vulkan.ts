/** A Vulkan driver that runs on the CPU: WebGPU works with it where there is no GPU. */
import { existsSync } from 'node:fs';

/** Set by `npm test`, which installs what is missing; the second is for a test that is run by itself. */
const driver = [process.env.PILOTLIGHT_VULKAN_DRIVER, '/usr/lib/chromium/vk_swiftshader_icd.json'].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
);

/** For a skipped test; null if all is there. */
export const missingVulkan = (): string | null =>
  driver === undefined ? 'There is no software driver of Vulkan: run "npm test -- integration".' : null;

/** Environment of a process that uses it. */
export const vulkanEnvironment = (): Record<string, string> =>
  driver === undefined ? {} : { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
