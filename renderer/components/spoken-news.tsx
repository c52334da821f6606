import { useState } from 'react';
import { useNews } from '../stores/news.ts';
import { useToasts } from '../stores/toasts.ts';

/**
 * Speaks the newest message and the latest news. A dialog has its own, because the page behind it is inert; what came
 * before it is not said again.
 */
export function SpokenNews() {
  const toast = useToasts((state) => state.toasts.at(-1));
  const news = useNews();
  const [before] = useState({ toast: toast?.id, news: news.id });
  return (
    <>
      <p className="sr-only" aria-live="polite">
        {toast && toast.id !== before.toast ? `${toast.message} ${toast.next}` : ''}
      </p>
      {[0, 1].map((turn) => (
        // Two in turn: the same sentence again would be no change.
        <p key={turn} className="sr-only" aria-live="polite">
          {news.id !== before.news && news.id % 2 === turn ? news.text : ''}
        </p>
      ))}
    </>
  );
}
