/** The filter of the Models page in its address. Pure. */
import { type MatrixFilter, noFilter } from './filter.ts';

const MOST_TEXT = 200;

export function readModelsFilter(hash: string): MatrixFilter {
  const [page, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  if (page !== 'models') return noFilter;
  const named = new URLSearchParams(query);
  const only = (named.get('only') ?? '').split(' ');
  return {
    text: (named.get('q') ?? '').slice(0, MOST_TEXT),
    awake: only.includes('awake'),
    loaded: only.includes('loaded'),
  };
}

export function modelsHash({ text, awake, loaded }: MatrixFilter): string {
  const named = new URLSearchParams();
  if (text !== '') named.set('q', text);
  const only = [...(loaded ? ['loaded'] : []), ...(awake ? ['awake'] : [])];
  if (only.length > 0) named.set('only', only.join(' '));
  return named.size === 0 ? '#/models' : `#/models?${named}`;
}
