import { useEffect, useId, useMemo, useState } from 'react';
import type { RunnerModel, RunnerView } from '../../../shared/models/runner.ts';
import { FaceList } from './face-list.tsx';
import { MachineChoice } from './machine-choice.tsx';
import { PictureSlot } from './picture-slot.tsx';
import { alikeText, facesOf, mostAlike, workedOn } from './try-logic.ts';
import { type FacesFound, usePicture } from './use-picture.ts';

/** The faces of one picture, or those of two beside each other. */
export function TryFaces({
  choices,
  asked,
}: {
  choices: readonly { runner: RunnerView; models: readonly RunnerModel[] }[];
  asked: string | null;
}) {
  const id = useId();
  const [chosen, setChosen] = useState(asked);
  const choice = choices.find(({ runner }) => runner.nodeId === chosen) ?? choices[0];
  const nodeId = choice?.runner.nodeId ?? '';
  const first = usePicture(nodeId);
  const second = usePicture(nodeId);
  const [selected, setSelected] = useState<number | null>(null);
  const ready = choice?.runner.state === 'ready';

  const { choose: chooseFirst, picture: firstPicture } = first;
  const { choose: chooseSecond } = second;
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const file = event.clipboardData?.files[0];
      if (!file || !ready) return;
      event.preventDefault();
      if (firstPicture === null) chooseFirst(file);
      else chooseSecond(file);
    };
    addEventListener('paste', onPaste);
    return () => removeEventListener('paste', onPaste);
  }, [chooseFirst, chooseSecond, firstPicture, ready]);

  const faces = useMemo(
    () => facesOf([first.picture?.outcome ?? null, second.picture?.outcome ?? null]),
    [first.picture?.outcome, second.picture?.outcome],
  );
  const current = faces.find(({ number }) => number === selected) ?? faces[0] ?? null;
  const best = mostAlike(faces);
  const by = ({ gpu, nodeId: made }: FacesFound) => {
    const worked = choices.find(({ runner }) => runner.nodeId === made);
    return workedOn(worked?.runner, { gpu, model: worked?.models.find(({ state }) => state === 'ready') });
  };
  const slots = [
    { slot: first, name: 'Picture', hint: 'Choose a picture, drop one here, or paste it' },
    { slot: second, name: 'Second picture', hint: 'Add another picture to compare' },
  ] as const;

  return (
    <div className="grid gap-4">
      <MachineChoice id={`${id}-machine`} choices={choices} nodeId={nodeId} onChange={setChosen} />
      <div className="grid items-start gap-3 sm:grid-cols-2">
        {slots.map(({ slot, name, hint }, index) =>
          index === 1 && first.picture === null && second.picture === null ? null : (
            <PictureSlot
              key={name}
              name={name}
              hint={hint}
              slot={slot}
              disabled={!ready}
              faces={faces.filter((face) => face.picture === index)}
              selected={current?.number ?? null}
              by={by}
              onSelect={setSelected}
            />
          ),
        )}
      </div>
      {best && (
        <p role="status" className="text-[0.8125rem]">
          {alikeText(best)}
        </p>
      )}
      {faces.length > 0 && (
        <FaceList
          faces={faces}
          pictures={[first.picture?.shown ?? null, second.picture?.shown ?? null]}
          selected={current}
          onSelect={setSelected}
        />
      )}
    </div>
  );
}
