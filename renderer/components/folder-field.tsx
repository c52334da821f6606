import { FolderOpen } from 'lucide-react';
import { type ComponentProps, Suspense, useState } from 'react';
import { Button } from './button.tsx';
import { TextField } from './field.tsx';
import { latePart } from './late-part.ts';
import { Skeleton } from './page.tsx';

type TextFieldProps = ComponentProps<typeof TextField>;

const FolderPicker = latePart(() => import('./folder-picker.tsx'));

/**
 * A path that is typed or chosen: in the system's own dialog in the desktop app, else from the folders of the computer
 * that runs Pilotlight.
 */
export function FolderField({
  isHere,
  onPath,
  ...field
}: Omit<TextFieldProps, 'mono' | 'onChange'> & {
  /** Whether the folder is on the computer that runs Pilotlight. */
  isHere: boolean;
  onPath(path: string): void;
}) {
  const [asking, setAsking] = useState(false);
  const bridge = window.pilotlight;
  const text = <TextField {...field} mono onChange={(event) => onPath(event.target.value)} />;
  if (!isHere || field.disabled === true) return text;

  function choose(): void {
    setAsking(true);
    bridge?.chooseFolder((path) => {
      setAsking(false);
      if (path !== null) onPath(path);
    });
  }
  return (
    <div className="grid gap-2">
      <div className="grid gap-2 sm:grid-cols-[minmax(0,1fr)_auto]">
        {text}
        {/* Level with the box, below the label; on a phone below the hint. */}
        <Button
          className="justify-center sm:mt-6.5"
          busy={asking && bridge !== undefined}
          aria-expanded={bridge === undefined ? asking : undefined}
          onClick={bridge === undefined ? () => setAsking(!asking) : choose}
        >
          <FolderOpen size={14} aria-hidden="true" /> Browse…
        </Button>
      </div>
      {asking && bridge === undefined && (
        <Suspense fallback={<Skeleton className="h-80" />}>
          <FolderPicker
            start={String(field.value ?? '')}
            onChoose={(path) => {
              setAsking(false);
              onPath(path);
            }}
            onClose={() => setAsking(false)}
          />
        </Suspense>
      )}
    </div>
  );
}
