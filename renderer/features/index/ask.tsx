import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useAction } from '../../components/use-action.ts';

/** Asks before something that cannot be undone. */
export function Ask({
  title,
  about,
  action,
  done,
  onYes,
  onClose,
}: {
  title: string;
  about: string;
  action: string;
  done?: string;
  onYes(): Promise<unknown>;
  onClose(): void;
}) {
  const { busy, run } = useAction();
  return (
    <Dialog title={title} description={about} onClose={onClose}>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          tone="danger"
          busy={busy}
          onClick={() =>
            run(async () => {
              await onYes();
              onClose();
            }, done)
          }
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
