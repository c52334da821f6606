/** What is said to people who listen to the panel instead of looking at it. */
import { create } from 'zustand';

interface News {
  /** Counts what was said, so that the same sentence can be said again. */
  id: number;
  text: string;
}

export const useNews = create<News>()(() => ({ id: 0, text: '' }));

export function say(text: string): void {
  useNews.setState(({ id }) => ({ id: id + 1, text }));
}
