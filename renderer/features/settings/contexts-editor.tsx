import { ChevronDown, ChevronUp } from 'lucide-react';
import { useId } from 'react';
import { Button } from '../../components/button.tsx';
import {
  type ContextRow,
  type ContextRuleKind,
  contextErrors,
  namesAny,
  newContext,
} from './gateway-lists.ts';
import { Cell, ChoiceCell, ListEditor, NumberCell } from './list-editor.tsx';
import { ModelSuggestions, useModelNames } from './model-names.tsx';

const kinds: Record<ContextRuleKind, string> = {
  clamp: 'That of the loaded model',
  fixed: 'Always the same',
  pass: 'As the program asks',
};

/** With which context requests are sent; the first rule that fits counts. */
export function ContextsEditor({
  id,
  text,
  onChange,
}: {
  id: string;
  /** The rows as JSON, as the draft keeps them. */
  text: string;
  onChange(text: string): void;
}) {
  const names = useModelNames();
  const list = useId();
  const rows = JSON.parse(text) as ContextRow[];
  const save = (next: ContextRow[]) => onChange(JSON.stringify(next));
  function moveUp(index: number): void {
    const [before, row] = rows.slice(index - 1, index + 1);
    if (before && row) save(rows.toSpliced(index - 1, 2, row, before));
  }
  return (
    <>
      <ModelSuggestions id={list} names={names} />
      <ListEditor
        id={id}
        rows={rows}
        what="rule"
        empty="None: requests keep the context that their program asks for."
        blank={newContext}
        most={100}
        onChange={save}
        tools={(index) =>
          rows.length > 1 && (
            <>
              <Button
                tone="quiet"
                size="icon"
                aria-label={`Move rule ${index + 1} up`}
                title="Move up"
                disabled={index === 0}
                onClick={() => moveUp(index)}
              >
                <ChevronUp size={16} aria-hidden="true" />
              </Button>
              <Button
                tone="quiet"
                size="icon"
                aria-label={`Move rule ${index + 1} down`}
                title="Move down"
                disabled={index === rows.length - 1}
                onClick={() => moveUp(index + 1)}
              >
                <ChevronDown size={16} aria-hidden="true" />
              </Button>
            </>
          )
        }
      >
        {(row, change) => {
          const errors = contextErrors(row);
          const missing = row.model.trim() !== '' && !namesAny(row.model, names);
          return (
            <>
              <Cell label="Model" error={errors.model} note={missing ? 'No machine has it now.' : undefined}>
                {(props) => (
                  <input
                    {...props}
                    list={list}
                    value={row.model}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={({ target }) => change({ model: target.value })}
                  />
                )}
              </Cell>
              <ChoiceCell
                label="Context"
                value={row.rule}
                options={kinds}
                onChange={(rule) => change({ rule })}
              />
              {row.rule === 'fixed' && (
                <NumberCell
                  label="Tokens"
                  error={errors.tokens}
                  value={row.tokens}
                  onChange={(tokens) => change({ tokens })}
                />
              )}
            </>
          );
        }}
      </ListEditor>
    </>
  );
}
