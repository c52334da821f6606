// @ts-check
// The flame of renderer/public/flame.svg, drawn without a browser, for the tray and the program's icon.

/**
 * @typedef {[number, number]} Point
 * @typedef {'hollow' | 'ember' | 'filled'} Flame
 * @typedef {[number, number, number]} Colour
 */

/** Samples per pixel in each direction. */
const SAMPLES = 8;
/** Half the outline's width, on an image 16 wide. */
const HALF_STROKE = 0.75;

/** @type {Point} */
const start = [8.3, 0.9];
/** The curves of the flame: two control points and an end each. @type {readonly [Point, Point, Point][]} */
const curves = [
  [
    [8.6, 3.2],
    [9.8, 4.4],
    [10.9, 5.7],
  ],
  [
    [12.1, 7.1],
    [13.2, 8.5],
    [13.2, 10.5],
  ],
  [
    [13.2, 13.2],
    [10.9, 15.1],
    [8, 15.1],
  ],
  [
    [5.1, 15.1],
    [2.8, 13.2],
    [2.8, 10.5],
  ],
  [
    [2.8, 8.8],
    [3.6, 7.4],
    [4.7, 6.4],
  ],
  [
    [4.8, 7.6],
    [5.3, 8.4],
    [6.1, 8.8],
  ],
  [
    [5.9, 6],
    [6.6, 3],
    [8.3, 0.9],
  ],
];

/** @returns {Point[]} */
function outline() {
  /** @type {Point[]} */
  const points = [];
  let from = start;
  for (const [one, two, to] of curves) {
    for (let step = 0; step < 12; step += 1) {
      const t = step / 12;
      const u = 1 - t;
      const at = (/** @type {0 | 1} */ axis) =>
        u ** 3 * from[axis] + 3 * u * u * t * one[axis] + 3 * u * t * t * two[axis] + t ** 3 * to[axis];
      points.push([at(0), at(1)]);
    }
    from = to;
  }
  return points;
}

const polygon = outline();

/**
 * @param {number} x
 * @param {number} y
 * @returns {{ inside: boolean, distance: number }} `distance`: to the outline
 */
function place(x, y) {
  let inside = false;
  let distance = Number.POSITIVE_INFINITY;
  polygon.forEach(([ax, ay], index) => {
    const [bx, by] = /** @type {Point} */ (polygon[(index + 1) % polygon.length]);
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    distance = Math.min(distance, Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)));
  });
  return { inside, distance };
}

/**
 * @param {number} x
 * @param {number} y
 * @param {Flame} flame
 * @returns {boolean}
 */
function isFlame(x, y, flame) {
  const { inside, distance } = place(x, y);
  if (flame === 'filled') return inside || distance < HALF_STROKE / 2;
  if (distance < HALF_STROKE) return true;
  return flame === 'ember' && Math.hypot(x - 8, y - 10.6) < 2.4;
}

/** @type {{ x: number, y: number, radius: number, gap: number }} */
const dot = { x: 12.6, y: 3.4, radius: 2.6, gap: 1.1 };

/**
 * Draws a flame, with a dot beside it for trouble.
 * @param {{ size: number, flame: Flame, trouble: boolean, colour: Colour, troubleColour: Colour }} picture
 * @returns {{ width: number, height: number, pixels: Uint8Array }}
 */
export function drawFlame({ size, flame, trouble, colour, troubleColour }) {
  const pixels = new Uint8Array(size * size * 4);
  for (let index = 0; index < size * size; index += 1) {
    let warm = 0;
    let ill = 0;
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample += 1) {
      const x = (((index % size) + ((sample % SAMPLES) + 0.5) / SAMPLES) * 16) / size;
      const y = ((Math.floor(index / size) + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) * 16) / size;
      const fromDot = Math.hypot(x - dot.x, y - dot.y);
      if (trouble && fromDot < dot.radius) ill += 1;
      else if ((!trouble || fromDot > dot.radius + dot.gap) && isFlame(x, y, flame)) warm += 1;
    }
    const alpha = Math.round(((warm + ill) * 255) / SAMPLES ** 2);
    pixels.set([...(ill > warm ? troubleColour : colour), alpha], index * 4);
  }
  return { width: size, height: size, pixels };
}

/** @type {Readonly<Record<Flame, Colour>>} */
const colours = { hollow: [138, 148, 161], ember: [242, 117, 69], filled: [255, 157, 51] };
/** @type {Colour} */
const red = [255, 91, 80];
/** @type {Colour} */
const black = [0, 0, 0];

/**
 * Every tray image by its file name. macOS takes black ones; `@2x` is for high-density screens.
 * @returns {Map<string, { width: number, height: number, pixels: Uint8Array }>}
 */
export function trayPictures() {
  const pictures = new Map();
  for (const flame of /** @type {const} */ (['hollow', 'ember', 'filled'])) {
    for (const trouble of [false, true]) {
      for (const [scale, suffix] of /** @type {const} */ ([
        [1, ''],
        [2, '@2x'],
      ])) {
        const name = trouble ? `${flame}-trouble` : flame;
        const picture = { size: 16 * scale, flame, trouble };
        const coloured = drawFlame({ ...picture, colour: colours[flame], troubleColour: red });
        pictures.set(`${name}${suffix}.png`, coloured);
        const template = drawFlame({ ...picture, colour: black, troubleColour: black });
        pictures.set(`${name}Template${suffix}.png`, template);
      }
    }
  }
  return pictures;
}
