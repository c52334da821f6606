import { useState } from 'react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass } from '../../components/page.tsx';
import { useAction } from '../../components/use-action.ts';
import { download } from './download.ts';
import { ImportDialog, type ImportKind } from './import-dialog.tsx';

/** Export and import of settings, nodes and folders, and import of an existing server’s environment file. */
export function Transfer() {
  const [open, setOpen] = useState<ImportKind | null>(null);
  const { busy, run } = useAction();
  return (
    <section aria-labelledby="settings-transfer" className={`${cardClass} mb-4 p-4 sm:p-6`}>
      <h2 id="settings-transfer" className="font-semibold">
        Export and import
      </h2>
      <p className="mb-2 text-[0.8125rem] text-soft">
        Keep a copy or set up another computer. You see a preview before anything is changed.
      </p>
      <div className="divide-y divide-line">
        <Line
          title="Export"
          about="Settings, nodes and folders as one file. Passwords, tokens and simulated machines are never included."
        >
          <Button
            busy={busy}
            onClick={() =>
              run(
                async () => {
                  const document = await client.call('settings.export', {});
                  download('pilotlight-settings.json', `${JSON.stringify(document, null, 2)}\n`);
                  return document.secretsLeftOut.length;
                },
                (left) =>
                  left === 0
                    ? 'Settings exported'
                    : 'Settings exported without secrets. Set them again after importing.',
              )
            }
          >
            Export
          </Button>
        </Line>
        <Line title="Import" about="A file exported by Pilotlight.">
          <Button onClick={() => setOpen('document')}>Import</Button>
        </Line>
        <Line
          title="Import an environment file"
          about="From an existing server, with names such as GPU_OLLAMA_URL, GPU_WOL_MAC and GPU_PRIORITY_MODELS."
        >
          <Button aria-label="Import an environment file" onClick={() => setOpen('environment')}>
            Import
          </Button>
        </Line>
      </div>
      {open && <ImportDialog kind={open} onClose={() => setOpen(null)} />}
    </section>
  );
}

function Line({ title, about, children }: { title: string; about: string; children: React.ReactNode }) {
  return (
    <div className="flex items-start gap-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        <p className="text-[0.8125rem] text-soft">{about}</p>
      </div>
      {children}
    </div>
  );
}
