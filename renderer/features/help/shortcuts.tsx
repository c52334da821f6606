import { Dialog } from '../../components/dialog.tsx';

const modifier = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

const groups: { title: string; keys: [keys: string, what: string][] }[] = [
  {
    title: 'Anywhere',
    keys: [
      [`${modifier} K`, 'Find a page, machine, model or setting, or run a command'],
      ['/', 'Search your files'],
      ['?', 'This list'],
      ['Esc', 'Close what is open'],
      ['Tab', 'Go to the next button or field'],
    ],
  },
  {
    title: 'Lists and tables',
    keys: [
      ['↑ ↓ ← →', 'Go from row to row, and from cell to cell'],
      ['Home, End', 'Go to the beginning or the end of a row'],
      [`${modifier} Home, ${modifier} End`, 'Go to the first or the last cell'],
      ['Page Up, Page Down', 'Go up or down a screen'],
      ['Enter', 'Open what is selected'],
    ],
  },
];

export function Shortcuts({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <div className="grid gap-5">
        {groups.map(({ title, keys }) => (
          <section key={title} aria-label={title}>
            <h3 className="mb-2 text-sm font-semibold">{title}</h3>
            <dl className="grid grid-cols-[9rem_minmax(0,1fr)] gap-x-4 gap-y-2 text-[0.8125rem]">
              {keys.map(([key, what]) => (
                <div key={key} className="contents">
                  <dt>
                    <kbd className="rounded border border-line-strong bg-ground px-1.5 py-0.5 font-sans text-xs">
                      {key}
                    </kbd>
                  </dt>
                  <dd className="text-soft">{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
