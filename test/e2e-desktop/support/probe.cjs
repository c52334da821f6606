// Runs before the program, in Electron and in its stand-in alike: what a person would see or answer outside of the
// window is kept here for the tests. Nothing of it is in the product.
const electron = require('electron');

const probe = {
  trayMenu: null,
  trayImages: 0,
  notifications: [],
  questions: [],
  opened: [],
  answers: [],
  folderDialogs: [],
  folders: [],
};
Object.assign(globalThis, { desktopProbe: probe });

const { setContextMenu } = electron.Tray.prototype;
electron.Tray.prototype.setContextMenu = function keepMenu(menu) {
  probe.trayMenu = menu;
  return setContextMenu.call(this, menu);
};
electron.Notification.prototype.show = function keepNotification() {
  probe.notifications.push(this);
};
electron.dialog.showMessageBox = async (...args) => {
  const { message, detail, buttons } = args.at(-1);
  probe.questions.push({ message, detail, buttons });
  return { response: probe.answers.shift() ?? 0, checkboxChecked: false };
};
electron.dialog.showOpenDialog = async (...args) => {
  probe.folderDialogs.push(args.at(-1));
  const path = probe.folders.shift();
  return path === undefined ? { canceled: true, filePaths: [] } : { canceled: false, filePaths: [path] };
};
electron.shell.openExternal = async (url) => {
  probe.opened.push(url);
};
