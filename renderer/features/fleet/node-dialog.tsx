import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Problem } from '../../components/problem.tsx';
import { useChanged } from '../../components/unsaved.ts';
import { toastDone } from '../../stores/toasts.ts';
import { NodeFields } from './node-fields.tsx';
import { type FieldErrors, fieldErrorsOf, formOf, readForm, typedProblem } from './node-form.ts';

/** Edits a node’s saved details. */
export function NodeDialog({ node, onClose }: { node: NodeView; onClose(): void }) {
  const [form, setForm] = useState(() => formOf(node));
  const unsaved = useChanged(form);
  const [errors, setErrors] = useState<FieldErrors>({});
  const [problem, setProblem] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const local = node.kind === 'this-computer';

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setProblem(null);
    const read = readForm(form, { needsAddress: !local && node.url !== null });
    if ('error' in read) {
      setErrors({ [read.error.field]: read.error.message });
      return;
    }
    setBusy(true);
    try {
      const { url, vramBytes, ...others } = read.input;
      const sameUrl = url === node.url || (local && url === null);
      const sameVram = form.vramGigabytes === formOf(node).vramGigabytes;
      await client.call('fleet.update', {
        nodeId: node.id,
        ...others,
        ...(sameUrl ? {} : { url }),
        ...(sameVram || vramBytes === undefined ? {} : { vramBytes }),
      });
      toastDone(`${form.name || node.name} saved`);
      onClose();
    } catch (error) {
      const wire = toWireError(error);
      const fields = fieldErrorsOf(wire);
      if (fields) setErrors(fields);
      else setProblem(wire);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={`Edit ${node.name}`} unsaved={unsaved} onClose={onClose}>
      <form onSubmit={submit} noValidate className="grid gap-3">
        {problem && <Problem message={problem.message} next={problem.next} code={problem.code} />}
        <NodeFields
          form={form}
          errors={errors}
          node={node}
          onChange={(field, text) => {
            setForm({ ...form, [field]: text });
            setErrors({ ...errors, [field]: typedProblem(field, text) });
          }}
        />
        <div className="mt-1 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
