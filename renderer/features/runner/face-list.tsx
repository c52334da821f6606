import { useEffect, useRef } from 'react';
import { formatPercent } from '../../../shared/units.ts';
import { Similarity } from './similarity.tsx';
import { cosine, type NumberedFace, placeOf, sizeOf } from './try-logic.ts';
import type { Picture } from './use-picture.ts';

/** Each face in words, and how alike it is to the selected one. */
export function FaceList({
  faces,
  pictures,
  selected,
  onSelect,
}: {
  faces: readonly NumberedFace[];
  pictures: readonly Picture['shown'][];
  selected: NumberedFace | null;
  onSelect(number: number): void;
}) {
  const many = faces.length > 1;
  return (
    <div>
      {many && selected && (
        <p className="mb-2 text-xs text-faint">
          Similarity to face {selected.number}. Choose another one to compare with it.
        </p>
      )}
      <ul aria-label="Faces" className="grid gap-2 sm:grid-cols-2">
        {faces.map((one) => {
          const { number, face, picture } = one;
          const shown = pictures[picture] ?? null;
          const isSelected = number === selected?.number;
          const alike =
            isSelected || selected === null ? null : cosine(selected.face.embedding, face.embedding);
          return (
            <li key={number} className="min-w-0">
              <button
                type="button"
                aria-pressed={isSelected}
                onClick={() => onSelect(number)}
                className="flex w-full min-w-0 items-center gap-3 rounded-lg border border-line p-2 text-left text-[0.8125rem] hover:border-faint aria-pressed:border-flame aria-pressed:bg-flame-wash"
              >
                <Crop shown={shown} box={face.box} />
                <span className="min-w-0 flex-1">
                  <span className="block font-medium">
                    Face {number}
                    {shown && <span className="font-normal text-soft"> · {placeOf(face, shown)}</span>}
                  </span>
                  <span className="block text-xs text-soft">
                    quality {formatPercent(face.score)} · {sizeOf(face)}
                  </span>
                </span>
              </button>
              {alike !== null && (
                <div className="mt-1 px-2">
                  <Similarity
                    value={alike}
                    label={`Similarity of face ${number} to face ${selected?.number}`}
                  />
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const cropPixels = 88;

/** The face alone. Empty where the browser cannot show its picture. */
function Crop({ shown, box }: { shown: Picture['shown']; box: NumberedFace['face']['box'] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !shown) return;
    const [left, top, right, bottom] = box;
    const side = Math.max(right - left, bottom - top) * 1.15;
    const x = (left + right - side) / 2;
    const y = (top + bottom - side) / 2;
    context.clearRect(0, 0, cropPixels, cropPixels);
    context.drawImage(shown.image, x, y, side, side, 0, 0, cropPixels, cropPixels);
  }, [shown, box]);
  return (
    <span aria-hidden="true" className="shrink-0">
      <canvas ref={canvas} width={cropPixels} height={cropPixels} className="size-11 rounded-md bg-sunken" />
    </span>
  );
}
