// @ts-check

/**
 * A Vulkan driver that runs on the CPU: the tests of WebGPU need one where there is no GPU. Chromium brings the driver;
 * the library that loads it is a package of the system.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { aptInstall, canUseApt } from './tools.mjs';

const driver = 'vk_swiftshader_icd.json';
const usualFolders = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];
const libraryFolders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'];

const hasLoader = () =>
  libraryFolders.some(
    (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('libvulkan.so')),
  );

/**
 * @param {{ chromium: string, say: (sentence: string) => void }} options path of a Chromium
 * @returns {Promise<{ path: string } | { fix: string }>} path of the driver's description
 */
export async function findSoftwareVulkan({ chromium, say }) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { fix: 'The tests of WebGPU run on Linux on x64 alone.' };
  }
  const path = [dirname(realpathSync(chromium)), ...usualFolders]
    .map((folder) => join(folder, driver))
    .find((file) => existsSync(file));
  if (path === undefined) return { fix: `The tests of WebGPU need Chromium's ${driver}: install Chromium.` };
  if (!hasLoader() && canUseApt()) {
    say('Installing libvulkan1 with apt-get for the tests of WebGPU.');
    await aptInstall(['libvulkan1']);
  }
  return hasLoader() ? { path } : { fix: 'The tests of WebGPU need libvulkan: install libvulkan1.' };
}
