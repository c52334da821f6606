// @ts-check
// What a packaged program contains. `npm start` does not package; electron-builder reads this file with
// `electron-builder --config build/electron-builder.mjs`.

/** Switches inside Electron's own binary, set before it is signed. */
export const fuses = {
  // Prevents the signed program from running as plain Node, by an environment variable or an option.
  runAsNode: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  // The program's files are in one archive, and only the signed one loads.
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  enableCookieEncryption: true,
  // The panel has its own scheme; nothing is loaded from files.
  grantFileProtocolExtraPrivileges: false,
  loadBrowserProcessSpecificV8Snapshot: false,
};

/** Packages with binaries of their own; all others are in the bundles. The set-up removed the binaries of other systems. */
const packages = ['onnxruntime-node', 'onnxruntime-common', 'sharp', '@img', 'detect-libc', 'semver'];

export default {
  appId: 'app.pilotlight.desktop',
  productName: 'Pilotlight',
  directories: { output: 'dist-packages', buildResources: 'build/icons' },
  files: [
    'dist/**',
    '!dist/**/*.map',
    '!dist/.inputs.json',
    'package.json',
    `!node_modules/!(${packages.join('|')})/**`,
  ],
  asar: true,
  // A library is loaded by the system, which cannot read archives.
  asarUnpack: packages.map((name) => `node_modules/${name}/**`),
  electronFuses: fuses,
  icon: 'build/icons/icon.png',
  protocols: [{ name: 'Pilotlight', schemes: ['pilotlight'], role: 'Viewer' }],
  mac: { category: 'public.app-category.developer-tools', hardenedRuntime: true, target: ['dmg', 'zip'] },
  win: { target: ['nsis'] },
  linux: { category: 'System', target: ['AppImage', 'deb'], executableName: 'pilotlight' },
  publish: null,
};
