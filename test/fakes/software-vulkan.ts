/** A Vulkan driver that runs on the CPU, as Chromium brings one: WebGPU works with it where there is no GPU. */
import { existsSync, readdirSync } from 'node:fs';

const drivers = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];
const libraryFolders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

const hasLoader = () =>
  libraryFolders.some(
    (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('libvulkan.so')),
  );

/** What is missing, for a skipped test; null if all is there. */
export function missingVulkan(): string | null {
  if (!drivers.some(existsSync)) return 'Chromium’s SwiftShader driver is missing: install Chromium.';
  return hasLoader() ? null : 'libvulkan is missing: install libvulkan1.';
}

/** Environment of a process that uses it. */
export const vulkanEnvironment = (): Record<string, string> => {
  const driver = drivers.find(existsSync) ?? '';
  return { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
};
