import { expect, it } from 'vitest';
import { facesIn, pictureFace } from '../../../shared/models/picture-faces.ts';
import { pictureText } from '../../../shared/text/picture-text.ts';

const size = { width: 400, height: 200 };
const face = { left: 0.25, top: 0.25, width: 0.5, height: 0.5, score: 0.9 };

it.each([
  ['inside', [100, 50, 300, 150], face],
  ['beyond the left and the top', [-40, -20, 200, 100], { left: 0, top: 0, width: 0.5, height: 0.5 }],
  ['beyond the right and the bottom', [200, 100, 500, 260], { left: 0.5, top: 0.5, width: 0.5, height: 0.5 }],
  ['outside', [500, 260, 600, 300], { left: 1, top: 1, width: 0, height: 0 }],
])('gives the place of a face that is %s as shares', (_, box, expected) => {
  const found = pictureFace({ box: box as [number, number, number, number], score: 0.9 }, size);
  expect(found).toEqual({ ...face, ...expected });
});

it('reads what a result says of faces, and leaves out what makes no sense', () => {
  expect(facesIn({ faces: 1, faceBoxes: [face] })).toEqual({ count: 1, boxes: [face] });
  expect(facesIn({ faces: 0, faceBoxes: [] })).toEqual({ count: 0, boxes: [] });
  expect(facesIn({ faces: 2 })).toEqual({ count: 2, boxes: null });
  expect(facesIn({ faces: 2, faceBoxes: [face] })).toEqual({ count: 2, boxes: null });
  for (const faceBoxes of ['x', null, [null], [{ ...face, left: 2 }], [{ ...face, top: '0' }], [{}]])
    expect(facesIn({ faces: 1, faceBoxes })).toEqual({ count: 1, boxes: null });
  for (const faces of [undefined, null, '3', -1, 1.5, Number.NaN]) expect(facesIn({ faces })).toBeNull();
});

it('puts the number of faces into the text of a picture, if there are any', () => {
  const textWith = (faces: number | null) => pictureText({ name: 'a.jpg', seen: 'A picnic.', faces });
  expect(textWith(3)).toBe('Picture: a.jpg\nA picnic.\n3 faces');
  expect(textWith(1)).toBe('Picture: a.jpg\nA picnic.\n1 face');
  expect(textWith(0)).toBe('Picture: a.jpg\nA picnic.');
  expect(textWith(null)).toBe('Picture: a.jpg\nA picnic.');
});
