import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from 'electron';

/** Passed at login: only the tray appears, and the window opens on request. */
export const hiddenFlag = '--hidden';

export interface LoginOptions {
  app: Pick<App, 'isPackaged' | 'getAppPath' | 'setLoginItemSettings'>;
  platform: NodeJS.Platform;
  /** The program to start. */
  execPath: string;
  /** The folder of this user's settings on Linux: `$XDG_CONFIG_HOME`, or `~/.config`. */
  configFolder: string;
}

/** Switches starting at login on or off: a file on Linux, Electron elsewhere. */
export async function setStartAtLogin(on: boolean, options: LoginOptions): Promise<void> {
  const { app, platform, execPath, configFolder } = options;
  const args = [...(app.isPackaged ? [] : [app.getAppPath()]), hiddenFlag];
  if (platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: on, path: execPath, args: args.map(quoteForWindows) });
    return;
  }
  const folder = join(configFolder, 'autostart');
  const file = join(folder, 'pilotlight.desktop');
  if (on) {
    await mkdir(folder, { recursive: true });
    await writeFile(file, autostartEntry([execPath, ...args]), { mode: 0o644 });
  } else await rm(file, { force: true });
}

/** Quotes a path with spaces, so that it stays one argument. */
function quoteForWindows(argument: string): string {
  return /\s/.test(argument) ? `"${argument}"` : argument;
}

/** The file that a Linux desktop reads at login. */
export function autostartEntry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Pilotlight',
    'Comment=Control panel for the GPU machines of a home or a lab',
    `Exec=${command.map(quoteForDesktopEntry).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Per the Desktop Entry Specification: quoted, its four special characters escaped, `%` doubled, then as a string value. */
function quoteForDesktopEntry(argument: string): string {
  const quoted = `"${argument.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}"`;
  return quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
