import { FolderOpen } from 'lucide-react';
import { type ComponentProps, useState } from 'react';
import { Button } from './button.tsx';
import { TextField } from './field.tsx';

type TextFieldProps = ComponentProps<typeof TextField>;

/**
 * A path that is typed, or chosen in the system's own dialog where there is one: in the desktop app, for folders of this
 * computer.
 */
export function FolderField({
  isHere,
  onPath,
  ...field
}: Omit<TextFieldProps, 'mono' | 'onChange'> & {
  /** Whether the folder is on this computer. */
  isHere: boolean;
  onPath(path: string): void;
}) {
  const [asking, setAsking] = useState(false);
  const bridge = window.pilotlight;
  const text = <TextField {...field} mono onChange={(event) => onPath(event.target.value)} />;
  if (bridge === undefined || !isHere || field.disabled === true) return text;

  function choose(): void {
    setAsking(true);
    bridge?.chooseFolder((path) => {
      setAsking(false);
      if (path !== null) onPath(path);
    });
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] gap-2">
      {text}
      {/* Level with the box, below the label. */}
      <Button className="mt-6.5" busy={asking} onClick={choose}>
        <FolderOpen size={14} aria-hidden="true" /> Browse…
      </Button>
    </div>
  );
}
