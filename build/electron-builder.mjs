// @ts-check
// What a packaged program is made of. Packaging itself is not part of `npm start`; electron-builder reads this by
// `electron-builder --config build/electron-builder.mjs`.

/** Switches inside Electron's own binary, set before it is signed. */
export const fuses = {
  // No plain Node out of the signed program: neither by an environment variable nor by an option.
  runAsNode: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  // The program's files are one archive, and it is what was signed.
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  enableCookieEncryption: true,
  // The panel has its own scheme; nothing comes from files.
  grantFileProtocolExtraPrivileges: false,
  loadBrowserProcessSpecificV8Snapshot: false,
};

export default {
  appId: 'app.pilotlight.desktop',
  productName: 'Pilotlight',
  directories: { output: 'dist-packages', buildResources: 'build/icons' },
  files: ['dist/**', '!dist/**/*.map', '!dist/.inputs.json', 'package.json', '!node_modules'],
  asar: true,
  electronFuses: fuses,
  icon: 'build/icons/icon.png',
  protocols: [{ name: 'Pilotlight', schemes: ['pilotlight'], role: 'Viewer' }],
  mac: { category: 'public.app-category.developer-tools', hardenedRuntime: true, target: ['dmg', 'zip'] },
  win: { target: ['nsis'] },
  linux: { category: 'System', target: ['AppImage', 'deb'], executableName: 'pilotlight' },
  publish: null,
};
