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
const drawProgram = (/** @type {number} */ size) =>
  encodePng(
    drawFlame({ size, flame: 'filled', trouble: false, colour: [255, 157, 51], troubleColour: [0, 0, 0] }),
  );
writeFileSync(join(folder, 'icon.png'), drawProgram(512));
// Linux desktops take the size that they show; a picture that was scaled down is blurred.
mkdirSync(join(folder, 'linux'), { recursive: true });
for (const size of [16, 24, 32, 48, 64, 128, 256, 512])
  writeFileSync(join(folder, 'linux', `${size}x${size}.png`), drawProgram(size));
