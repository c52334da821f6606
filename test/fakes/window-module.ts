/** In the place of Electron: says when the window is told to show its page, and paints at once. */
import { createFakeElectron } from './electron.ts';

const fake = createFakeElectron({
  onLoad(window) {
    process.stdout.write('The window opens.\n');
    window.emit('ready-to-show');
  },
  onExit: (code) => process.exit(code),
});
process.once('SIGTERM', () => fake.app.quit());
export const {
  app,
  BrowserWindow,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
} = fake.electron;
export { MessageChannelMain } from '../standin/message-channel.ts';
export { utilityProcess } from '../standin/utility-process.ts';

fake.becomeReady();
