import { useState } from 'react';
import type { FoundFaces } from '../../shared/models/picture-faces.ts';
import { plural } from '../../shared/units.ts';

/** A picture with its faces marked, and their number below it. */
export function FacesPicture({
  name,
  sources,
  faces,
}: {
  name: string;
  /** The best first: the next one is for a browser that cannot show it. */
  sources: readonly string[];
  /** null if nobody looked for them. */
  faces: FoundFaces | null;
}) {
  const [failed, setFailed] = useState<readonly string[]>([]);
  const source = sources.find((one) => !failed.includes(one));
  const counted = faces === null ? null : faces.count === 0 ? 'No faces found' : plural(faces.count, 'face');
  if (source === undefined && counted === null) return null;
  const percent = (share: number) => `${share * 100}%`;
  return (
    <figure className="grid gap-1.5">
      {source === undefined ? (
        <p className="text-xs text-faint">This browser cannot show this kind of picture.</p>
      ) : (
        <div className="relative w-fit overflow-hidden rounded-lg border border-line">
          <img
            src={source}
            alt={faces?.boxes?.length ? `${name}, with its faces marked` : name}
            onError={() => setFailed((before) => [...before, source])}
            className="block max-h-[26rem] max-w-full"
          />
          {faces?.boxes?.map(({ left, top, width, height }) => (
            <span
              key={`${left} ${top} ${width} ${height}`}
              data-face
              aria-hidden="true"
              className="pointer-events-none absolute rounded-sm border-2 border-[#ff9d33] shadow-[0_0_0_1px_rgb(0_0_0/0.6),inset_0_0_0_1px_rgb(0_0_0/0.6)]"
              style={{
                left: percent(left),
                top: percent(top),
                width: percent(width),
                height: percent(height),
              }}
            />
          ))}
        </div>
      )}
      {counted !== null && <figcaption className="text-[0.8125rem] text-soft">{counted}</figcaption>}
    </figure>
  );
}
