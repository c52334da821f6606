import { describe, expect, it } from 'vitest';
import {
  fileFormOf,
  type InstallationFacts,
  installationForm,
  insteadOf,
  mayCheck,
} from '../../../../electron/core/updates/installation.ts';
import { installationForms } from '../../../../shared/models/updates.ts';

const linux: InstallationFacts = {
  platform: 'linux',
  isPackaged: true,
  isSingleFile: false,
  isContainer: false,
  appImage: null,
  portable: null,
  packageType: null,
  hasUninstaller: false,
  program: '/home/ann/pilotlight/pilotlight',
};

describe('an installation', () => {
  it.each<[string, Partial<InstallationFacts>, string]>([
    ['a copy of the repository', { isPackaged: false }, 'source'],
    ['a container', { isPackaged: false, isContainer: true }, 'container'],
    ['a single file in a container', { isSingleFile: true, isContainer: true }, 'container'],
    ['a single file', { isPackaged: false, isSingleFile: true }, 'file'],
    [
      'a single file of an administrator',
      { isSingleFile: true, program: '/usr/local/bin/pilotlight-agent' },
      'file',
    ],
    ['an AppImage', { appImage: '/home/ann/pilotlight.AppImage' }, 'appimage'],
    ['a deb', { packageType: 'deb', program: '/opt/Pilotlight/pilotlight' }, 'package'],
    ['a package that says nothing', { program: '/opt/Pilotlight/pilotlight' }, 'package'],
    ['an unpacked zip', {}, 'folder'],
    ['Windows, installed', { platform: 'win32', hasUninstaller: true }, 'nsis'],
    ['Windows, unpacked', { platform: 'win32' }, 'folder'],
    [
      'Windows, portable',
      { platform: 'win32', portable: 'D:\\pilotlight.exe', hasUninstaller: true },
      'portable',
    ],
    [
      'macOS',
      { platform: 'darwin', program: '/Applications/Pilotlight.app/Contents/MacOS/Pilotlight' },
      'mac',
    ],
    [
      'macOS, from the disk image',
      { platform: 'darwin', program: '/Volumes/Pilotlight/Pilotlight.app' },
      'folder',
    ],
    [
      'macOS, from the downloads',
      { platform: 'darwin', program: '/private/var/folders/x/AppTranslocation/y/d/Pilotlight.app' },
      'folder',
    ],
  ])('%s is known', (_, change, form) => {
    expect(installationForm({ ...linux, ...change })).toBe(form);
  });

  it('asks for updates only where the answer is of use', () => {
    const asking = installationForms.filter(mayCheck);
    expect(asking).toEqual(['appimage', 'nsis', 'mac', 'file', 'portable', 'folder']);
    for (const form of asking) expect(fileFormOf(form), form).not.toBeNull();
    for (const form of ['package', 'container', 'source'] as const) expect(fileFormOf(form)).toBeNull();
  });

  it('says what to do where the panel can’t', () => {
    expect(installationForms.filter((form) => insteadOf(form, true) === null)).toEqual([
      'appimage',
      'nsis',
      'mac',
    ]);
    expect(installationForms.filter((form) => insteadOf(form, false) === null)).toEqual([]);
    expect(insteadOf('package', true)?.code).toBe('UPDATE_BY_PACKAGE_MANAGER');
    expect(insteadOf('container', true)?.code).toBe('UPDATE_BY_NEW_IMAGE');
    expect(insteadOf('file', true)?.code).toBe('UPDATE_BY_COMMAND');
  });
});
