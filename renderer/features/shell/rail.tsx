import { Ellipsis } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { FlameMark } from '../../components/glyphs.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { hasUpdate, updatesStore, useUpdates } from '../../stores/updates.ts';
import { useUnseen } from '../activity/seen.ts';
import { type PageName, pageHref, pages, pageTitles } from './route.ts';

/** Those that a phone's bar has room for; the others are behind "More". */
const onPhones: ReadonlySet<PageName> = new Set<PageName>(['fleet', 'models', 'search', 'activity']);

const link = (here: boolean) =>
  `flex h-14 w-full flex-col items-center justify-center gap-1 rounded-lg text-2xs font-medium transition-colors rail:h-9 rail:flex-row rail:justify-start rail:gap-3 rail:px-2.5 rail:text-sm ${here ? 'text-text sm:bg-raised' : 'text-soft hover:bg-raised hover:text-text'}`;

/** At the left on a screen, at the bottom on a phone. */
export function Rail({ page }: { page: PageName }) {
  const { open, setOpen, bar } = useMore(page);
  useKeep(updatesStore);
  return (
    <nav
      ref={bar}
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] sm:sticky sm:top-0 sm:h-dvh sm:w-[4.5rem] sm:shrink-0 sm:overflow-y-auto sm:border-t-0 sm:border-r sm:pb-0 rail:w-52"
    >
      <div className="hidden h-14 items-center gap-2.5 px-4 font-semibold tracking-tight sm:flex sm:justify-center rail:justify-start rail:px-5">
        <FlameMark size={20} />
        <span className="hidden rail:inline">Pilotlight</span>
      </div>
      {open && (
        <ul
          id="more-pages"
          aria-label="More pages"
          className="absolute inset-x-0 bottom-full grid grid-cols-3 gap-1 rounded-t-2xl border-t border-line bg-surface p-3 shadow-(--shadow) sm:hidden"
        >
          {pages
            .filter((name) => !onPhones.has(name))
            .map((name) => (
              <li key={name}>
                <PageLink name={name} here={name === page} />
              </li>
            ))}
        </ul>
      )}
      <ul className="flex sm:flex-col sm:gap-1 sm:p-2 rail:px-3">
        {pages.map((name) => (
          <li key={name} className={`flex-1 ${onPhones.has(name) ? '' : 'max-sm:hidden'}`}>
            <PageLink name={name} here={name === page} />
          </li>
        ))}
        <li className="flex-1 sm:hidden">
          <button
            type="button"
            aria-expanded={open}
            aria-controls={open ? 'more-pages' : undefined}
            onClick={() => setOpen(!open)}
            className={link(!onPhones.has(page))}
          >
            <Ellipsis size={18} aria-hidden="true" className={onPhones.has(page) ? '' : 'text-flame'} />
            More
          </button>
        </li>
      </ul>
    </nav>
  );
}

/** Whether the other pages are shown: until one is opened, Escape, or a press elsewhere. */
function useMore(page: PageName) {
  const [openOn, setOpenOn] = useState<PageName | null>(null);
  const bar = useRef<HTMLElement>(null);
  const open = openOn === page;
  useEffect(() => {
    if (!open) return;
    const close = () => setOpenOn(null);
    const onKeyDown = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') close();
    };
    const onPress = ({ target }: PointerEvent) => {
      if (!(target instanceof Node && bar.current?.contains(target))) close();
    };
    addEventListener('keydown', onKeyDown);
    addEventListener('pointerdown', onPress);
    addEventListener('hashchange', close);
    return () => {
      removeEventListener('keydown', onKeyDown);
      removeEventListener('pointerdown', onPress);
      removeEventListener('hashchange', close);
    };
  }, [open]);
  return { open, setOpen: (on: boolean) => setOpenOn(on ? page : null), bar };
}

function PageLink({ name, here }: { name: PageName; here: boolean }) {
  const unseen = useUnseen();
  const { title, Icon } = pageTitles[name];
  const update = hasUpdate(useUpdates()) && name === 'settings';
  const isNew = name === 'activity' && unseen > 0 && !here;
  return (
    <a href={pageHref(name)} aria-current={here ? 'page' : undefined} className={link(here)}>
      <span className="relative">
        <Icon size={18} aria-hidden="true" className={here ? 'text-flame' : ''} />
        {(isNew || update) && (
          <span
            aria-hidden="true"
            className="absolute -top-0.5 -right-1 size-2 rounded-full bg-flame ring-2 ring-surface"
          />
        )}
      </span>
      {title}
      {update && <span className="sr-only">update available</span>}
      {isNew && (
        <span className="text-xs text-faint max-rail:sr-only rail:ml-auto">
          {unseen > 99 ? '99+' : unseen} new
        </span>
      )}
    </a>
  );
}
