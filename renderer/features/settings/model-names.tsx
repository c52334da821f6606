import { useMemo } from 'react';
import { useFleet } from '../../stores/fleet.ts';

/** The models of all machines, loaded or on disk, by name. */
export function useModelNames(): readonly string[] {
  const entries = useFleet((state) => state.entries);
  return useMemo(() => {
    const names = Object.values(entries).flatMap(({ installed, loaded }) =>
      [...installed, ...loaded].map(({ name }) => name),
    );
    return [...new Set(names)].toSorted((a, b) => a.localeCompare(b));
  }, [entries]);
}

/** Suggestions for fields whose `list` is this id. */
export function ModelSuggestions({ id, names }: { id: string; names: readonly string[] }) {
  return (
    <datalist id={id}>
      {names.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}
