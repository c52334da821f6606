import { useState } from 'react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { toastDone } from '../../stores/toasts.ts';
import { ConfirmDialog } from '../access/confirm-dialog.tsx';
import type { ModelRow } from './model-rows.ts';

/** Load or drop, and remove. */
export function ModelActions({ row: { model, runner } }: { row: ModelRow }) {
  const { busy, run } = useAction();
  const [removing, setRemoving] = useState(false);
  const { name, state } = model;
  const { nodeId } = runner;
  const away = runner.state !== 'ready';
  const what = (
    <span className="sr-only">
      {' '}
      {name} on {runner.name}
    </span>
  );
  return (
    <div className="flex justify-end gap-1.5">
      {state === 'ready' ? (
        <Button
          size="small"
          busy={busy}
          disabled={away}
          onClick={() =>
            run(() => client.call('runner.models.drop', { nodeId, name }), `${name} dropped from memory`)
          }
        >
          Drop{what}
        </Button>
      ) : (
        <Button
          size="small"
          busy={busy || state === 'loading'}
          disabled={away}
          onClick={() => run(() => client.call('runner.models.load', { nodeId, name }), `${name} loaded`)}
        >
          {state === 'failed' ? 'Try again' : 'Load'}
          {what}
        </Button>
      )}
      <Button size="small" tone="quiet" disabled={away} onClick={() => setRemoving(true)}>
        Remove{what}
      </Button>
      {removing && (
        <ConfirmDialog
          title={`Remove ${name}?`}
          about={`${runner.name} forgets this model; its files stay where they are. Indexes made with it keep their vectors, but cannot be searched or updated until it is added again.`}
          action="Remove"
          run={async () => {
            await client.call('runner.models.remove', { nodeId, name });
            toastDone(`${name} removed from ${runner.name}`);
          }}
          onClose={() => setRemoving(false)}
        />
      )}
    </div>
  );
}
