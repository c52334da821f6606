/** Whether each word of a search occurs in `said`, in either case. An empty search fits everything. */
export function hasWords(said: string, search: string): boolean {
  const all = said.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
