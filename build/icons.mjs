// @ts-check
// Redraws the icons into build/icons, which is in git. Run it after changing the flame.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawFlame, trayPictures } from './lib/flame-icon.mjs';
import { repositoryRoot } from './lib/paths.mjs';
import { encodePng } from './lib/png.mjs';

const folder = join(repositoryRoot, 'build', 'icons');
mkdirSync(join(folder, 'tray'), { recursive: true });
for (const [name, picture] of trayPictures()) writeFileSync(join(folder, 'tray', name), encodePng(picture));
const program = drawFlame({
  size: 512,
  flame: 'filled',
  trouble: false,
  colour: [255, 157, 51],
  troubleColour: [0, 0, 0],
});
writeFileSync(join(folder, 'icon.png'), encodePng(program));
