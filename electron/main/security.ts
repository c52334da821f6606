import type { App, Session, WebContents, WebPreferences } from 'electron';
import { isPanelUrl, mayKeep, mayRequest } from './origin.ts';

/** The permissions of the window: those of a web page, and the two functions of the preload script. */
export function windowPreferences(preload: string): WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    // For the spell checker, Electron would download dictionaries.
    spellcheck: false,
  };
}

/** Denies all permissions that a page could ask for, and every request that leaves this program. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !mayRequest(details.url) }));
  session.on('will-download', (event, item) => {
    if (!mayKeep(item.getURL())) event.preventDefault();
  });
}

export interface ExternalLinks {
  /** Opens an address in the system's browser, if it is one of the few that are allowed. */
  openExternal(url: string): void;
}

/** Keeps the page in place: no other address, no second window, no embedded page. */
export function hardenContents(contents: WebContents, { openExternal }: ExternalLinks): void {
  const stay = (event: { preventDefault(): void; url: string }) => {
    if (!isPanelUrl(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openExternal(url);
    return { action: 'deny' };
  });
}

/** Call before Electron is ready: every window gets a sandbox, and nothing contacts the network by itself. */
export function hardenApp(app: App, links: ExternalLinks): void {
  app.enableSandbox();
  for (const flag of ['disable-background-networking', 'disable-component-update', 'disable-sync']) {
    app.commandLine.appendSwitch(flag);
  }
  app.on('web-contents-created', (_event, contents) => hardenContents(contents, links));
}
