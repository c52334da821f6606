import { newSlots, type SlotsRow, slotsErrors } from './gateway-lists.ts';
import { Cell, ListEditor, NumberCell } from './list-editor.tsx';
import { NodeSelect } from './node-select.tsx';

/** How many requests each machine gets at once. */
export function SlotsEditor({
  id,
  text,
  onChange,
}: {
  id: string;
  /** The rows as JSON, as the draft keeps them. */
  text: string;
  onChange(text: string): void;
}) {
  const rows = JSON.parse(text) as SlotsRow[];
  return (
    <ListEditor
      id={id}
      rows={rows}
      what="limit"
      empty="No machine has a limit."
      blank={newSlots}
      most={200}
      onChange={(next) => onChange(JSON.stringify(next))}
    >
      {(row, change, index) => {
        const errors = slotsErrors(
          row,
          rows.slice(0, index).map(({ nodeId }) => nodeId),
        );
        return (
          <>
            <Cell label="Machine" error={errors.nodeId}>
              {(props) => (
                <NodeSelect
                  {...props}
                  value={row.nodeId}
                  onChange={({ target }) => change({ nodeId: target.value })}
                />
              )}
            </Cell>
            <NumberCell
              label="Requests"
              error={errors.slots}
              value={row.slots}
              onChange={(slots) => change({ slots })}
            />
          </>
        );
      }}
    </ListEditor>
  );
}
