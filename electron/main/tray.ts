import { join } from 'node:path';
import type { Menu, MenuItemConstructorOptions, NativeImage, nativeImage, Tray } from 'electron';
import type { ShellCore } from './shell-core.ts';
import { type Flame, type TrayAction, type TrayLine, type TrayModel, trayModel } from './tray-model.ts';

export interface TrayOptions {
  electron: { Tray: typeof Tray; Menu: typeof Menu; nativeImage: Pick<typeof nativeImage, 'createFromPath'> };
  platform: NodeJS.Platform;
  /** Folder of the icons. */
  icons: string;
  act(action: TrayAction): void;
}

export interface PilotTray {
  /** Shows the core's fleet, until it is stopped or paused. */
  follow(streams: ShellCore['streams']): void;
  /** Ignores the core until it follows again. */
  pause(): void;
  stop(): void;
}

/**
 * The flame in the system's tray. It listens to the core only while it is shown, and is rebuilt only when
 * something visible changes.
 */
export function createTray(options: TrayOptions): PilotTray {
  const { electron, platform, icons, act } = options;
  const images = new Map<string, NativeImage>();
  let subscriptions: { end(): void }[] = [];
  let shown = '';
  let pending = false;

  function image(flame: Flame, trouble: boolean): NativeImage {
    const name = iconName(flame, trouble, platform);
    const known = images.get(name);
    if (known !== undefined) return known;
    const made = electron.nativeImage.createFromPath(join(icons, name));
    // macOS paints a template image in the colour of its menu bar.
    if (platform === 'darwin') made.setTemplateImage(true);
    images.set(name, made);
    return made;
  }

  const tray = new electron.Tray(image('hollow', false));
  tray.setToolTip('Pilotlight');
  // On macOS a click opens the menu by itself.
  if (platform !== 'darwin') tray.on('click', () => act({ kind: 'show' }));
  setMenu(startingTemplate(act));

  function setMenu(template: MenuItemConstructorOptions[]): void {
    tray.setContextMenu(electron.Menu.buildFromTemplate(template));
  }

  function draw(streams: ShellCore['streams']): void {
    const model = trayModel({
      nodes: streams.fleet.values(),
      power: streams.power.values(),
      jobs: streams.jobs.values(),
      sources: streams.sources.values(),
      gateway: streams.gateway.values()[0] ?? null,
    });
    const now = JSON.stringify(model);
    if (now === shown) return;
    shown = now;
    tray.setImage(image(model.flame, model.trouble));
    tray.setToolTip(model.tooltip);
    setMenu(trayTemplate(model, act));
  }

  /** Frames of several streams that arrive together are drawn once. */
  function drawSoon(streams: ShellCore['streams']): void {
    if (pending) return;
    pending = true;
    setImmediate(() => {
      pending = false;
      if (subscriptions.length > 0) draw(streams);
    });
  }

  function pause(): void {
    for (const subscription of subscriptions) subscription.end();
    subscriptions = [];
  }

  return {
    follow(streams) {
      pause();
      const deliver = () => {
        drawSoon(streams);
        return true;
      };
      subscriptions = [streams.fleet, streams.power, streams.jobs, streams.sources, streams.gateway].map(
        (topic) => topic.subscribe(null, deliver),
      );
    },
    pause,
    stop() {
      pause();
      tray.destroy();
    },
  };
}

export function iconName(flame: Flame, trouble: boolean, platform: NodeJS.Platform): string {
  const name = `${flame}${trouble ? '-trouble' : ''}`;
  return platform === 'darwin' ? `${name}Template.png` : `${name}.png`;
}

/** Before the core has started. */
function startingTemplate(act: TrayOptions['act']): MenuItemConstructorOptions[] {
  return [{ label: 'Pilotlight is starting…', enabled: false }, { type: 'separator' }, ...ending(act)];
}

/** Title · a line per node · Index again · the gateway's address · Show · Quit. */
export function trayTemplate(model: TrayModel, act: TrayOptions['act']): MenuItemConstructorOptions[] {
  const more: MenuItemConstructorOptions[] =
    model.more === 0 ? [] : [{ label: `${model.more} more…`, click: () => act({ kind: 'show' }) }];
  return [
    { label: escapeLabel(model.title), enabled: false },
    { type: 'separator' },
    ...model.nodes.map((line) => item(line, act)),
    ...more,
    { type: 'separator' },
    item(model.index, act),
    ...(model.gateway === null ? [] : [item(model.gateway, act)]),
    ...ending(act),
  ];
}

function item({ label, action, menu }: TrayLine, act: TrayOptions['act']): MenuItemConstructorOptions {
  if (menu !== undefined) {
    const parts = menu.flatMap((part, index): MenuItemConstructorOptions[] => [
      ...(index === 0 ? [] : [{ type: 'separator' as const }]),
      ...part.map((line) => item(line, act)),
    ]);
    return { label: escapeLabel(label), submenu: parts };
  }
  if (action === null) return { label: escapeLabel(label), enabled: false };
  return { label: escapeLabel(label), click: () => act(action) };
}

function ending(act: TrayOptions['act']): MenuItemConstructorOptions[] {
  return [
    { label: 'Show', click: () => act({ kind: 'show' }) },
    { label: 'Quit', click: () => act({ kind: 'quit' }) },
  ];
}

/** In a menu, a single ampersand marks an access key. */
const escapeLabel = (label: string) => label.replaceAll('&', '&&');
