/** The same core in Electron's main process; the panel in a window. */
import { mkdir } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as electron from 'electron';
import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import { printable } from '../../shared/printable.ts';
import { openDataFolder } from '../host/data-folder.ts';
import { runDesktop } from './desktop.ts';
import { readOptions } from './options.ts';
import type { DesktopHost } from './shell-core.ts';

const { app, dialog, MessageChannelMain, safeStorage, utilityProcess } = electron;
const inBuild = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const print = (line: string) => process.stdout.write(`${printable(line)}\n`);
const complain = (line: string) => process.stderr.write(`${printable(line)}\n`);

/** What people read when it could not start. */
function describeError(error: unknown): { title: string; text: string } {
  const { code, message, next } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  if (!isPilotlightError(error))
    for (const line of String((error as Error)?.stack ?? error).split('\n')) complain(line);
  return { title: `${message} (${code})`, text: next };
}

// A closed terminal is no reason to stop.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

try {
  const { platform, argv, execPath, env } = process;
  const { data, port, simulate, gatewayPort } = readOptions(argv, app.isPackaged);
  const dataFolder = await openDataFolder(data);
  const userData = join(dataFolder, 'window');
  // Compiled code is trusted, so no other user may get there.
  await mkdir(userData, { recursive: true, mode: 0o700 });
  enableCompileCache(join(userData, 'compile-cache'));

  const startDesktopHost = async (): Promise<DesktopHost> => {
    // Loaded after the window has painted, so that the core's modules do not delay it.
    const [
      { startHost },
      { createLocalRunner },
      { createDesktopHost },
      { openSafeSecrets },
      { createUtilityWorkerHost },
      { endGroup },
      { readInstallation, updatesFolder },
      { installationForm },
      { createUpdateInstaller },
    ] = await Promise.all([
      import('../host/start-host.ts'),
      import('../host/runner.ts'),
      import('./desktop-host.ts'),
      import('./safe-storage.ts'),
      import('./utility-worker-host.ts'),
      import('../adapters/processes/process-group.ts'),
      import('../host/updates.ts'),
      import('../core/updates/installation.ts'),
      import('./update-installer.ts'),
    ]);
    const form = installationForm(readInstallation(app.isPackaged));
    const installer =
      form === 'appimage' || form === 'nsis' || form === 'mac'
        ? createUpdateInstaller({
            ...{ form, complain },
            program: env.APPIMAGE || execPath,
            keepIn: join(updatesFolder(dataFolder), 'kept'),
            openUpdater: async () => (await import('./electron-updater.ts')).openElectronUpdater(complain),
            quit: () => app.quit(),
            relaunch: (program) => app.relaunch({ execPath: program, args: argv.slice(1) }),
          })
        : undefined;
    const host = await startHost({
      dataFolder,
      port,
      simulate,
      openSecrets: (folder) => openSafeSecrets({ safeStorage, platform, folder }),
      // In the desktop app, the gateway ends with the app.
      gateway: { port: gatewayPort },
      localRunner: createLocalRunner,
      worksOnTasks: true,
      updates: { form, installer },
      createWorkerHost: ({ entry, name, log, children }) =>
        createUtilityWorkerHost({
          utilityProcess,
          entry,
          log,
          children,
          createChannel: () => new MessageChannelMain(),
          serviceName: `Pilotlight ${name}`,
          // On Windows with what it has started; elsewhere that is on a leash (workers/media/leash.ts).
          killProcess(pid) {
            if (platform === 'win32') endGroup(pid, () => {});
            else process.kill(pid, 'SIGKILL');
          },
        }),
    });
    return createDesktopHost(host, installer ?? null);
  };

  void runDesktop({
    electron,
    system: {
      platform,
      argv,
      // An AppImage and a portable program run from a folder that is another one at each start.
      execPath: env.APPIMAGE || env.PORTABLE_EXECUTABLE_FILE || execPath,
      configFolder: env.XDG_CONFIG_HOME || join(homedir(), '.config'),
    },
    panelRoot: inBuild('renderer'),
    preload: inBuild('preload/preload.cjs'),
    icons: inBuild('icons'),
    userData,
    startHost: startDesktopHost,
    describeError,
    print,
  });
} catch (error) {
  const { title, text } = describeError(error);
  complain(title);
  complain(text);
  dialog.showErrorBox(title, text);
  app.exit(1);
}
