import type { App, Session, WebContents, WebPreferences } from 'electron';
import { isPanelUrl, mayKeep, mayRequest } from './origin.ts';

/** The rights of the window: those of a page, and the two functions of the preload script. */
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
    // Electron would fetch dictionaries from the network for it.
    spellcheck: false,
  };
}

/** Denies what a page could ask a browser for, and every request that leaves this program. */
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

export interface WayOut {
  /** Gives an address to the system's browser, if it is one of the few that may be. */
  openExternal(url: string): void;
}

/** Keeps a page where it is: no other address, no second window, no embedded page. */
export function hardenContents(contents: WebContents, { openExternal }: WayOut): void {
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

/** Before Electron is ready: every window gets a sandbox, and nothing calls home by itself. */
export function hardenApp(app: App, wayOut: WayOut): void {
  app.enableSandbox();
  for (const flag of ['disable-background-networking', 'disable-component-update', 'disable-sync']) {
    app.commandLine.appendSwitch(flag);
  }
  app.on('web-contents-created', (_event, contents) => hardenContents(contents, wayOut));
}
