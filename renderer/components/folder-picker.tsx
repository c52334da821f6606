import { ChevronRight, CornerLeftUp, Folder, FolderSymlink, Lock } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { WireError } from '../../shared/contract/errors.ts';
import type { FolderPageView } from '../../shared/models/indexing.ts';
import { formatCount } from '../../shared/units.ts';
import { toWireError } from '../client/errors.ts';
import { client } from '../client/index.ts';
import { Button } from './button.tsx';
import { Problem } from './problem.tsx';
import { Switch } from './switch.tsx';

interface Shown {
  page: FolderPageView;
  folders: FolderPageView['folders'];
}

/** Goes through the folders of the computer that runs Pilotlight, one page at a time. */
export default function FolderPicker({
  start,
  onChoose,
  onClose,
}: {
  /** Where to begin; the home folder if it is empty or cannot be listed. */
  start: string;
  onChoose(path: string): void;
  onClose(): void;
}) {
  const [path, setPath] = useState(start.trim() || '~');
  const [hidden, setHidden] = useState(false);
  const [after, setAfter] = useState<string | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const [error, setError] = useState<WireError | null>(null);

  useEffect(() => {
    const abort = new AbortController();
    client.call('index.folders', { path, hidden, after }, { signal: abort.signal }).then(
      (page) => {
        setError(null);
        setShown((before) => ({
          page,
          folders:
            after !== null && before?.page.path === page.path
              ? [...before.folders, ...page.folders]
              : page.folders,
        }));
      },
      (reason: unknown) => {
        if (abort.signal.aborted) return;
        const wire = toWireError(reason);
        // What is typed in the box may not exist yet: begin at home then.
        if (path === start.trim() && path !== '~' && wire.code !== 'FORBIDDEN') setPath('~');
        else setError(wire);
      },
    );
    return () => abort.abort();
  }, [path, hidden, after, start]);

  const open = (next: string) => {
    setAfter(null);
    setPath(next);
  };
  const page = shown?.page ?? null;
  return (
    <section aria-label="Folders" className="grid gap-2 rounded-lg border border-line bg-sunken p-3">
      <div className="flex items-center gap-2">
        <Button
          size="small"
          disabled={page === null || page.parent === null}
          onClick={() => page?.parent && open(page.parent)}
        >
          <CornerLeftUp size={14} aria-hidden="true" /> Up
        </Button>
        <Button size="small" onClick={() => open('~')}>
          Home
        </Button>
        <label htmlFor="folders-hidden" className="ml-auto text-xs text-soft">
          Hidden folders
        </label>
        <Switch
          id="folders-hidden"
          on={hidden}
          onChange={(on) => {
            setAfter(null);
            setHidden(on);
          }}
        />
      </div>
      <p className="font-mono text-xs break-all" role="status">
        {page?.path ?? 'Reading…'}
      </p>
      {error && <Problem message={error.message} next={error.next} code={error.code} />}
      <ul className="h-56 overflow-y-auto rounded-md border border-line bg-surface">
        {shown?.folders.map((folder) => (
          <li key={folder.name}>
            <button
              type="button"
              disabled={!folder.isReadable}
              onClick={() => open(folder.path)}
              className="flex w-full items-center gap-2 px-3 py-1.5 text-left text-[0.8125rem] hover:bg-sunken disabled:text-faint disabled:hover:bg-transparent"
            >
              {folder.target === null ? (
                <Folder size={14} aria-hidden="true" className="shrink-0 text-faint" />
              ) : (
                <FolderSymlink size={14} aria-hidden="true" className="shrink-0 text-faint" />
              )}
              <span className="min-w-0 break-all">{folder.name}</span>
              {folder.target !== null && (
                <span className="min-w-0 truncate text-xs text-faint" title={folder.target}>
                  link to {folder.target}
                </span>
              )}
              {folder.isReadable ? (
                <ChevronRight size={14} aria-hidden="true" className="ml-auto shrink-0 text-faint" />
              ) : (
                <span className="ml-auto flex shrink-0 items-center gap-1 text-xs">
                  <Lock size={12} aria-hidden="true" /> cannot be read
                </span>
              )}
            </button>
          </li>
        ))}
        {shown?.folders.length === 0 && (
          <li className="px-3 py-2 text-[0.8125rem] text-faint">No folders in this folder</li>
        )}
        {page?.next && (
          <li className="p-2">
            <Button size="small" onClick={() => setAfter(page.next)}>
              Show more ({formatCount(shown?.folders.length ?? 0)} of {formatCount(page.total)})
            </Button>
          </li>
        )}
        {page?.isCut && (
          <li className="px-3 py-2 text-xs text-faint">
            This folder has too many entries to list them all. Type the path instead.
          </li>
        )}
      </ul>
      <div className="flex justify-end gap-2">
        <Button size="small" onClick={onClose}>
          Cancel
        </Button>
        <Button
          size="small"
          tone="primary"
          disabled={page === null}
          onClick={() => page && onChoose(page.path)}
        >
          Choose this folder
        </Button>
      </div>
    </section>
  );
}
