/** How this program was installed, and what that means for updates. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { UpdateForm } from '../../../shared/models/update-manifest.ts';
import type { InstallationForm } from '../../../shared/models/updates.ts';

export interface InstallationFacts {
  platform: string;
  /** Runs from a packaged program; false for a copy of the repository. */
  isPackaged: boolean;
  /** One executable file with Node in it. */
  isSingleFile: boolean;
  isContainer: boolean;
  /** The path of the AppImage that it runs from. */
  appImage: string | null;
  /** The path of the portable program that it runs from, on Windows. */
  portable: string | null;
  /** What the package says that it is, such as `deb`; null if it says nothing. */
  packageType: string | null;
  /** Whether an uninstaller lies beside the program, on Windows. */
  hasUninstaller: boolean;
  /** The path of the program. */
  program: string;
}

/** Folders that belong to the system's package manager. */
const systemFolders = /^\/(opt|usr|nix|gnu|snap|app)\//;

export function installationForm(facts: InstallationFacts): InstallationForm {
  // In a container, the program would be replaced until the next start only.
  if (facts.isContainer) return 'container';
  if (facts.isSingleFile)
    return systemFolders.test(facts.program) && facts.packageType !== null ? 'package' : 'file';
  if (!facts.isPackaged) return 'source';
  if (facts.platform === 'win32') {
    if (facts.portable !== null) return 'portable';
    return facts.hasUninstaller ? 'nsis' : 'folder';
  }
  // Run from a disk image or from where it was downloaded, macOS gives it a read-only place that changes.
  if (facts.platform === 'darwin')
    return /\/AppTranslocation\/|^\/Volumes\//.test(facts.program) ? 'folder' : 'mac';
  if (facts.appImage !== null) return 'appimage';
  return facts.packageType !== null || systemFolders.test(facts.program) ? 'package' : 'folder';
}

/** Whether it may ask for updates: only where the answer is of use. */
export const mayCheck = (form: InstallationForm): boolean =>
  form !== 'container' && form !== 'package' && form !== 'source';

/** The file of a release that replaces it, or that a person downloads for it. */
export const fileFormOf = (form: InstallationForm): UpdateForm | null => {
  if (form === 'appimage' || form === 'nsis' || form === 'portable' || form === 'file') return form;
  return form === 'mac' || form === 'folder' ? 'zip' : null;
};

/** What a person does instead; null where the panel does it. */
export function insteadOf(form: InstallationForm, installs: boolean): Message | null {
  switch (form) {
    case 'package':
      return fact('UPDATE_BY_PACKAGE_MANAGER');
    case 'container':
      return fact('UPDATE_BY_NEW_IMAGE');
    case 'source':
      return fact('UPDATE_BY_GIT');
    case 'file':
      return fact('UPDATE_BY_COMMAND');
    case 'portable':
    case 'folder':
      return fact('UPDATE_BY_DOWNLOAD');
    case 'appimage':
    case 'nsis':
    case 'mac':
      return installs ? null : fact('UPDATE_IN_WINDOW');
  }
}
