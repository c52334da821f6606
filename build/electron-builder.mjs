// @ts-check
// What a packaged program contains. `npm run package` gives this to electron-builder, with a folder that has only the
// build and the packages with binaries of their own (build/lib/package/stage.mjs).

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

/** Bytes that nothing may exceed; a test holds each package to them. */
export const budgets = { programWithoutElectron: 95_000_000, archive: 12_000_000, agent: 115_000_000 };

export default {
  appId: 'app.pilotlight.desktop',
  productName: 'Pilotlight',
  files: ['dist/**', 'package.json', 'node_modules/**'],
  asar: true,
  // A library is loaded by the system, which cannot read archives. What loads it stays beside it.
  asarUnpack: ['**/node_modules/{onnxruntime-node,onnxruntime-common,sharp,@img,detect-libc,semver}/**'],
  // They are prebuilt and use Node-API, so they fit every Node and Electron.
  npmRebuild: false,
  electronFuses: fuses,
  // The panel is in English; menus of the system have their own language.
  electronLanguages: ['en-US', 'en'],
  icon: 'build/icons/icon.png',
  protocols: [{ name: 'Pilotlight', schemes: ['pilotlight'], role: 'Viewer' }],
  // Named for people who choose among downloads.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: electron-builder's own macros, here and below
  artifactName: 'pilotlight-${version}-${os}-${arch}.${ext}',
  mac: {
    category: 'public.app-category.developer-tools',
    hardenedRuntime: true,
    target: [{ target: 'dmg' }, { target: 'zip' }],
  },
  win: { target: [{ target: 'nsis' }, { target: 'portable' }] },
  nsis: {
    oneClick: false,
    perMachine: false,
    allowToChangeInstallationDirectory: true,
    // Settings and indexes stay; the uninstaller asks.
    deleteAppDataOnUninstall: false,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: electron-builder's own macros, here and below
    artifactName: 'pilotlight-${version}-win-${arch}-setup.${ext}',
  },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as above
  portable: { artifactName: 'pilotlight-${version}-win-${arch}-portable.${ext}' },
  linux: {
    category: 'System',
    icon: 'build/icons/linux',
    target: [{ target: 'AppImage' }, { target: 'deb' }, { target: 'rpm' }, { target: 'zip' }],
    executableName: 'pilotlight',
    syncDesktopName: true,
    synopsis: 'control panel for the GPU machines of a home or a lab',
    description:
      'Wakes GPU machines, keeps the right models on them, sends work there, and lets them sleep again.',
    desktop: { entry: { Name: 'Pilotlight', Keywords: 'GPU;Ollama;wake;', StartupWMClass: 'pilotlight' } },
  },
  deb: { packageCategory: 'utils', priority: 'optional' },
  // For electron-updater's own configuration in the program. Where releases are is Pilotlight's to know: what it hands over
  // comes from loopback.
  publish: [{ provider: 'generic', url: 'https://pilotlight.invalid/' }],
};
