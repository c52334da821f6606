import { readdirSync, readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { trayPictures } from '../../../build/lib/flame-icon.mjs';
import { iconName } from '../../../electron/main/tray.ts';

const folder = new URL('../../../build/icons/tray/', import.meta.url);

/** A PNG as our own encoder writes it: one header, one block of unfiltered rows. */
function decode(name: string) {
  const file = readFileSync(new URL(name.replace('@', '%40'), folder));
  const width = file.readUInt32BE(16);
  const height = file.readUInt32BE(20);
  const length = file.readUInt32BE(33);
  const rows = inflateSync(file.subarray(41, 41 + length));
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    pixels.set(rows.subarray(y * (width * 4 + 1) + 1, (y + 1) * (width * 4 + 1)), y * width * 4);
  }
  return { width, height, pixels };
}

const alphaAt = (name: string, x: number, y: number) => {
  const { width, pixels } = decode(name);
  return pixels[(y * width + x) * 4 + 3] ?? 0;
};

describe('the icons of the tray', () => {
  it('are the ones that are drawn now; build/icons.mjs draws them again', { timeout: 120_000 }, () => {
    const pictures = trayPictures();
    expect(readdirSync(folder).sort()).toEqual([...pictures.keys()].sort());
    for (const [name, picture] of pictures) expect(decode(name), name).toEqual(picture);
  });

  it('are there for each state and system, at both sizes', () => {
    for (const flame of ['hollow', 'ember', 'filled'] as const) {
      for (const trouble of [false, true]) {
        for (const platform of ['darwin', 'linux', 'win32'] as const) {
          const name = iconName(flame, trouble, platform);
          expect(decode(name).width).toBe(16);
          expect(decode(name.replace('.png', '@2x.png')).width).toBe(32);
        }
      }
    }
  });

  it('differ by their shape, so that they do without colour', () => {
    // Beside the ember, in the ember, where the dot stands.
    const look = (name: string) => [alphaAt(name, 10, 21), alphaAt(name, 16, 21), alphaAt(name, 25, 6)];
    expect(look('hollowTemplate@2x.png')).toEqual([0, 0, 0]);
    expect(look('emberTemplate@2x.png')).toEqual([0, 255, 0]);
    expect(look('filledTemplate@2x.png')).toEqual([255, 255, 0]);
    expect(look('hollow-troubleTemplate@2x.png')).toEqual([0, 0, 255]);
  });
});
