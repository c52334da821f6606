/** electron-updater, which runs the installer of Windows and the updates of macOS. Only packaged programs load it. */
import electronUpdater, { type AppUpdater } from 'electron-updater';
import type { SystemUpdater } from './update-installer.ts';

/** @param updater default: that of this system */
export function openElectronUpdater(
  complain: (line: string) => void,
  updater: () => AppUpdater = () => electronUpdater.autoUpdater,
): SystemUpdater {
  const autoUpdater = updater();
  autoUpdater.logger = { info() {}, warn: complain, error: complain };
  // What is installed, and when, is decided by a person.
  autoUpdater.autoDownload = false;
  autoUpdater.autoInstallOnAppQuit = false;
  autoUpdater.disableDifferentialDownload = true;
  // Its errors also come as rejections; an event without a listener would end the program.
  autoUpdater.on('error', () => {});
  return {
    async take({ url, allowsOlder }, signal) {
      autoUpdater.setFeedURL({ provider: 'generic', url });
      autoUpdater.allowDowngrade = allowsOlder;
      const found = await autoUpdater.checkForUpdates();
      if (found === null || !found.isUpdateAvailable)
        throw new Error('The updater does not accept this version.');
      signal.throwIfAborted();
      await autoUpdater.downloadUpdate();
    },
    quitAndInstall: (restarts) => autoUpdater.quitAndInstall(true, restarts),
  };
}
