import { ImagePlus, RotateCw, X } from 'lucide-react';
import { useId, useState } from 'react';
import { plural } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { rungTime } from './runner-text.ts';
import type { NumberedFace } from './try-logic.ts';
import type { FacesFound, Picture, usePicture } from './use-picture.ts';

/** A place for one picture: empty, or with its faces drawn on it. */
export function PictureSlot({
  name,
  hint,
  slot,
  disabled,
  faces,
  selected,
  by,
  onSelect,
}: {
  name: string;
  hint: string;
  slot: ReturnType<typeof usePicture>;
  disabled: boolean;
  faces: readonly NumberedFace[];
  selected: number | null;
  by(found: FacesFound): string;
  onSelect(number: number): void;
}) {
  const id = useId();
  const [over, setOver] = useState(false);
  const { picture, choose, again, clear } = slot;
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file && !disabled) choose(file);
  };
  return (
    <section
      aria-label={name}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
      className={`grid min-w-0 gap-2 rounded-lg border p-3 transition-colors has-[input:focus-visible]:outline-2 has-[input:focus-visible]:outline-offset-2 has-[input:focus-visible]:outline-flame ${over ? 'border-flame bg-flame-wash' : picture ? 'border-line' : 'border-dashed border-line-strong'}`}
    >
      <input
        id={id}
        type="file"
        accept="image/*"
        disabled={disabled}
        aria-label={picture ? `${name}: choose another` : `${name}: choose a file`}
        className="sr-only"
        onChange={(event) => {
          take(event.target.files);
          // The same file can be chosen again.
          event.target.value = '';
        }}
      />
      {picture === null ? (
        <label
          htmlFor={id}
          className={`grid min-h-40 place-content-center justify-items-center gap-2 text-center text-[0.8125rem] text-soft ${disabled ? 'opacity-55' : 'cursor-pointer hover:text-text'}`}
        >
          <ImagePlus size={24} aria-hidden="true" className="text-faint" />
          {hint}
        </label>
      ) : (
        <>
          <div className="flex items-center gap-1">
            <p className="min-w-0 flex-1 truncate text-xs text-soft" title={picture.name}>
              {picture.name}
            </p>
            {again && (
              <Button tone="quiet" size="icon" aria-label={`${name}: find the faces again`} onClick={again}>
                <RotateCw size={14} aria-hidden="true" />
              </Button>
            )}
            <Button tone="quiet" size="icon" aria-label={`${name}: remove`} onClick={clear}>
              <X size={14} aria-hidden="true" />
            </Button>
          </div>
          <Shown picture={picture} faces={faces} selected={selected} onSelect={onSelect} />
          <Outcome outcome={picture.outcome} by={by} />
        </>
      )}
    </section>
  );
}

function Shown({
  picture: { name, shown, outcome },
  faces,
  selected,
  onSelect,
}: {
  picture: Picture;
  faces: readonly NumberedFace[];
  selected: number | null;
  onSelect(number: number): void;
}) {
  if (shown === null) {
    if (outcome === 'running') return <Skeleton className="h-40" />;
    return 'faces' in outcome ? (
      <p className="text-xs text-faint">This browser cannot show this kind of picture.</p>
    ) : null;
  }
  const { url, width, height } = shown;
  const percent = (part: number, whole: number) => `${(part / whole) * 100}%`;
  return (
    <div className="relative mx-auto w-fit overflow-hidden rounded-md">
      <img src={url} alt={`${name}, as it was chosen`} className="block max-h-[26rem] max-w-full" />
      <svg
        viewBox={`0 0 ${width} ${height}`}
        aria-hidden="true"
        className="pointer-events-none absolute inset-0 size-full"
      >
        {faces.flatMap(({ number, face }) =>
          face.landmarks.map(([x, y], index) => (
            <circle
              // biome-ignore lint/suspicious/noArrayIndexKey: the points of a face have a fixed order.
              key={`${number} ${index}`}
              cx={x}
              cy={y}
              r={Math.max(width, height) / 120}
              fill="#ffb35c"
              stroke="#000"
              strokeWidth={1}
              vectorEffect="non-scaling-stroke"
            />
          )),
        )}
      </svg>
      {faces.map(({ number, face: { box } }) => (
        <button
          key={number}
          type="button"
          // For the pointer: the list of faces is for the keyboard and for screen readers.
          tabIndex={-1}
          aria-hidden="true"
          onClick={() => onSelect(number)}
          className={`absolute rounded-sm border-2 shadow-[0_0_0_1px_rgb(0_0_0/0.6),inset_0_0_0_1px_rgb(0_0_0/0.6)] ${number === selected ? 'border-[#ff9d33]' : 'border-[#fff]'}`}
          style={{
            left: percent(box[0], width),
            top: percent(box[1], height),
            width: percent(box[2] - box[0], width),
            height: percent(box[3] - box[1], height),
          }}
        >
          <span
            className={`absolute top-0 left-0 rounded-br-sm px-1 text-2xs font-semibold text-[#000] ${number === selected ? 'bg-[#ff9d33]' : 'bg-[#fff]'}`}
          >
            {number}
          </span>
        </button>
      ))}
    </div>
  );
}

function Outcome({ outcome, by }: { outcome: Picture['outcome']; by(found: FacesFound): string }) {
  if (outcome === 'running') {
    return (
      <p role="status" className="text-[0.8125rem] text-soft">
        Finding faces…
      </p>
    );
  }
  if (!('faces' in outcome)) {
    const { message, next, code } = outcome;
    return (
      <div role="alert">
        <Problem message={message} next={next} {...(code === undefined ? {} : { code })} compact />
      </div>
    );
  }
  return (
    <p role="status" className="text-[0.8125rem]">
      <span className="font-medium">
        {outcome.faces.length === 0 ? 'No face found' : `${plural(outcome.faces.length, 'face')} found`}
      </span>
      <span className="text-faint">
        {' '}
        · {by(outcome)} · {rungTime(outcome.tookMs)}
      </span>
      {outcome.faces.length === 0 && (
        <span className="block text-xs text-soft">
          Faces that are small, blurred or turned far away are left out.
        </span>
      )}
    </p>
  );
}
