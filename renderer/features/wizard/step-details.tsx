import { type FormEvent, useRef, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { toastDone } from '../../stores/toasts.ts';
import { NodeFields } from '../fleet/node-fields.tsx';
import { type FieldErrors, fieldErrorsOf, readForm, typedProblem } from '../fleet/node-form.ts';
import type { StepProps } from './step.ts';

/** The machine’s details, filled in as far as they were detected. */
export function DetailsStep({ draft, update, back }: StepProps) {
  const [errors, setErrors] = useState<FieldErrors>({});
  const [problem, setProblem] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  function refuse(fields: FieldErrors): void {
    setErrors(fields);
    // After the next paint the field carries its error.
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus());
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setProblem(null);
    const read = readForm(draft.form);
    if ('error' in read) return refuse({ [read.error.field]: read.error.message });
    setBusy(true);
    try {
      const added = await client.call('fleet.add', read.input);
      toastDone(`${added.name} added`);
      update((before) => ({ ...before, nodeId: added.id, step: 'try' }));
    } catch (error) {
      const wire = toWireError(error);
      const fields = fieldErrorsOf(wire);
      if (fields) refuse(fields);
      else setProblem(wire);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form ref={form} onSubmit={submit} noValidate className="grid gap-3">
      {problem && <Problem message={problem.message} next={problem.next} code={problem.code} />}
      <NodeFields
        form={draft.form}
        errors={errors}
        node={null}
        onChange={(field, text) => {
          update((before) => ({ ...before, form: { ...before.form, [field]: text } }));
          setErrors({ ...errors, [field]: typedProblem(field, text) });
        }}
      />
      <div className="mt-1 flex flex-wrap justify-end gap-2">
        {back}
        <Button type="submit" tone="primary" busy={busy}>
          Add the node
        </Button>
      </div>
    </form>
  );
}
