import type { SelectHTMLAttributes } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { selectNodes, useFleet } from '../../stores/fleet.ts';

/** Chooses a machine with a server, or none. One that was removed is named by its id. */
export function NodeSelect({
  className,
  ...props
}: SelectHTMLAttributes<HTMLSelectElement> & { value: string }) {
  const nodes = useFleet(useShallow(selectNodes)).filter(({ url }) => url !== null);
  const gone = props.value !== '' && !nodes.some(({ id }) => id === props.value);
  return (
    <select {...props} className={`${className} max-w-52`}>
      <option value="">None</option>
      {nodes.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
      {gone && <option value={props.value}>{props.value} (removed)</option>}
    </select>
  );
}
