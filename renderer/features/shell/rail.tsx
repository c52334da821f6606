import { FlameMark } from '../../components/glyphs.tsx';
import { useUnseen } from '../activity/seen.ts';
import { type PageName, pageHref, pages, pageTitles } from './route.ts';

/** At the left on a screen, at the bottom on a phone. */
export function Rail({ page }: { page: PageName }) {
  const unseen = useUnseen();
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] sm:sticky sm:top-0 sm:h-dvh sm:w-[4.5rem] sm:shrink-0 sm:overflow-y-auto sm:border-t-0 sm:border-r sm:pb-0 rail:w-52"
    >
      <div className="hidden h-14 items-center gap-2.5 px-4 font-semibold tracking-tight sm:flex sm:justify-center rail:justify-start rail:px-5">
        <FlameMark size={20} />
        <span className="hidden rail:inline">Pilotlight</span>
      </div>
      <ul className="flex sm:flex-col sm:gap-1 sm:p-2 rail:px-3">
        {pages.map((name) => {
          const { title, Icon } = pageTitles[name];
          const here = name === page;
          return (
            <li key={name} className="flex-1">
              <a
                href={pageHref(name)}
                aria-current={here ? 'page' : undefined}
                className={`flex h-14 flex-col items-center justify-center gap-1 rounded-lg text-2xs font-medium transition-colors rail:h-9 rail:flex-row rail:justify-start rail:gap-3 rail:px-2.5 rail:text-sm ${here ? 'text-text sm:bg-raised' : 'text-soft hover:bg-raised hover:text-text'}`}
              >
                <span className="relative">
                  <Icon size={18} aria-hidden="true" className={here ? 'text-flame' : ''} />
                  {name === 'activity' && unseen > 0 && !here && (
                    <span
                      aria-hidden="true"
                      className="absolute -top-0.5 -right-1 size-2 rounded-full bg-flame ring-2 ring-surface"
                    />
                  )}
                </span>
                {title}
                {name === 'activity' && unseen > 0 && !here && (
                  <span className="text-xs text-faint max-rail:sr-only rail:ml-auto">
                    {unseen > 99 ? '99+' : unseen} new
                  </span>
                )}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
