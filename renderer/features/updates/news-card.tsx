// biome-ignore-all lint/a11y/useSemanticElements: a group is no set of fields.
import { Sparkles } from 'lucide-react';
import { Suspense } from 'react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { latePart } from '../../components/late-part.ts';
import { cardClass } from '../../components/page.tsx';
import { useAction } from '../../components/use-action.ts';
import { useUpdates } from '../../stores/updates.ts';

const ReleaseNotes = latePart(() => import('./release-notes.tsx'));

/** What is new after an update, until it is dismissed. */
export function NewsCard() {
  const news = useUpdates()?.news ?? null;
  const { busy, run } = useAction();
  if (news === null) return null;
  return (
    <section aria-labelledby="news" className={`${cardClass} mb-4 p-4`}>
      <div className="mb-2 flex items-start gap-3">
        <Sparkles size={18} className="mt-0.5 shrink-0 text-flame" aria-hidden="true" />
        <h2 id="news" className="min-w-0 flex-1 font-semibold">
          What is new in {news.version}
        </h2>
        <Button size="small" busy={busy} onClick={() => run(() => client.call('updates.dismissNews', {}))}>
          Got it
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it. */}
      <div tabIndex={0} role="group" aria-label="Release notes" className="max-h-72 overflow-y-auto">
        <Suspense fallback={null}>
          <ReleaseNotes text={news.notes} />
        </Suspense>
      </div>
    </section>
  );
}
