/** A picture file that is drawn in the page: two heads on a plain ground, 640 × 480 pixels. */
import type { Page } from '@playwright/test';

export async function drawnPicture(page: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 480;
    const context = canvas.getContext('2d');
    if (!context) throw new Error('This browser draws nothing.');
    context.scale(10, 10);
    context.fillStyle = '#5d7f8c';
    context.fillRect(0, 0, 64, 48);
    for (const [x, colour] of [
      [15, '#d9a27c'],
      [47, '#8a5a3c'],
    ] as const) {
      context.fillStyle = '#30343c';
      context.fillRect(x - 12, 34, 24, 14);
      context.fillStyle = colour;
      context.beginPath();
      context.ellipse(x, 21, 8, 11, 0, 0, 7);
      context.fill();
    }
    return canvas.toDataURL('image/png');
  });
  return {
    name: 'two-heads.png',
    mimeType: 'image/png',
    buffer: Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'),
  };
}
