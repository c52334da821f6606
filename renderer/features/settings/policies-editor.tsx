import { useId } from 'react';
import { useKeep } from '../../components/use-keep.ts';
import { accessStore, useCredentials } from '../../stores/access.ts';
import {
  namesAny,
  newPolicy,
  type PolicyRow,
  type Priority,
  policyErrors,
  type Wake,
} from './gateway-lists.ts';
import { Cell, ChoiceCell, ListEditor, NumberCell } from './list-editor.tsx';
import { ModelSuggestions, useModelNames } from './model-names.tsx';
import { PolicyCheck } from './policy-check.tsx';

const wakes: Record<Wake, string> = {
  'if-needed': 'Wake one only if none awake has the model',
  wait: 'Wait for a machine with a GPU',
  'cpu-meanwhile': 'Use the CPU while one wakes',
  'cpu-after': 'Use the CPU if that takes too long',
  never: 'Wake none',
};

const priorities: Record<Priority | '', string> = {
  '': 'By the kind of call',
  interactive: 'Interactive, first',
  batch: 'Batch, later',
  index: 'Index, last',
};

/** Policies of models and programs, and which one applies. */
export function PoliciesEditor({
  id,
  text,
  saved,
  onChange,
}: {
  id: string;
  /** The rows as JSON, as the draft keeps them. */
  text: string;
  /** Whether the rows are those that are saved. */
  saved: boolean;
  onChange(text: string): void;
}) {
  useKeep(accessStore);
  const keys = useCredentials()?.keys ?? [];
  const names = useModelNames();
  const list = useId();
  const rows = JSON.parse(text) as PolicyRow[];
  return (
    <div className="grid gap-3">
      <ModelSuggestions id={list} names={names} />
      <ListEditor
        id={id}
        rows={rows}
        what="policy"
        empty="None: a machine is woken only if none that is awake has the model."
        blank={newPolicy}
        most={100}
        onChange={(next) => onChange(JSON.stringify(next))}
      >
        {(row, change) => {
          const errors = policyErrors(row);
          const missing = row.model.trim() !== '' && !namesAny(row.model, names);
          return (
            <>
              <Cell label="Model" error={errors.model} note={missing ? 'No machine has it now.' : undefined}>
                {(props) => (
                  <input
                    {...props}
                    list={list}
                    value={row.model}
                    placeholder="Every model"
                    autoComplete="off"
                    spellCheck={false}
                    onChange={({ target }) => change({ model: target.value })}
                  />
                )}
              </Cell>
              <Cell label="Program">
                {(props) => (
                  <select
                    {...props}
                    value={row.credentialId}
                    onChange={({ target }) => change({ credentialId: target.value })}
                  >
                    <option value="">Every program</option>
                    {keys.map((key) => (
                      <option key={key.id} value={key.id}>
                        Key {key.name}
                      </option>
                    ))}
                    {row.credentialId !== '' && !keys.some((key) => key.id === row.credentialId) && (
                      <option value={row.credentialId}>{row.credentialId} (unknown key)</option>
                    )}
                  </select>
                )}
              </Cell>
              <ChoiceCell
                label="While machines sleep"
                value={row.wake}
                options={wakes}
                onChange={(wake) => change({ wake })}
              />
              <ChoiceCell
                label="Priority"
                value={row.priority}
                options={priorities}
                onChange={(priority) => change({ priority })}
              />
              {row.wake === 'cpu-after' && (
                <NumberCell
                  label="Use the CPU after (seconds)"
                  error={errors.seconds}
                  value={row.seconds}
                  onChange={(seconds) => change({ seconds })}
                />
              )}
            </>
          );
        }}
      </ListEditor>
      <PolicyCheck keys={keys} list={list} saved={saved} />
    </div>
  );
}
