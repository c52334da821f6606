import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import configuration from '../../../build/electron-builder.mjs';
import { programId } from '../../../electron/main/desktop.ts';
import { panelScheme } from '../../../electron/main/origin.ts';
import packageJson from '../../../package.json' with { type: 'json' };

describe('the packaged program', () => {
  it('has the fuses of a program that runs nothing but itself', () => {
    expect(configuration.electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      enableCookieEncryption: true,
      grantFileProtocolExtraPrivileges: false,
      loadBrowserProcessSpecificV8Snapshot: false,
    });
    // Integrity is of an archive.
    expect(configuration.asar).toBe(true);
  });

  it('carries the build, its icon, its name and its links', () => {
    expect(packageJson.main.startsWith('dist/')).toBe(true);
    expect(configuration.files).toContain('dist/**');
    expect(existsSync(new URL(`../../../${configuration.icon}`, import.meta.url))).toBe(true);
    expect(configuration.appId).toBe(programId);
    expect(configuration.protocols.flatMap(({ schemes }) => schemes)).toEqual([panelScheme]);
  });
});
