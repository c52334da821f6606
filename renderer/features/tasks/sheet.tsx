import { type ReactNode, useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import { facesIn } from '../../../shared/models/picture-faces.ts';
import type { TaskDetails, TaskView } from '../../../shared/models/tasks.ts';
import { formatBytes, formatDuration, formatPercent } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Dialog } from '../../components/dialog.tsx';
import { FacesPicture } from '../../components/faces-picture.tsx';
import { Progress } from '../../components/meter.tsx';
import { Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { FactList, IdText, SheetPart } from '../../components/sheet-parts.tsx';
import { Ago } from '../../components/time.tsx';
import { absolute } from '../../late-intl.ts';
import { fetchTask } from '../../stores/tasks.ts';
import { textOf, textOrEmpty } from '../../texts.ts';
import { BulkActions } from './bulk.tsx';
import { TaskGlyph } from './state-glyph.tsx';
import { durationText, progressLine, queueLabels, ranMs, stateLabel, typeLabels } from './task-text.ts';

type Known =
  | { state: 'loading' }
  | { state: 'ready'; details: TaskDetails }
  | { state: 'failed'; error: WireError };

/** Everything about one task, beside the list. */
export function TaskSheet({
  taskId,
  live,
  onClose,
}: {
  taskId: string;
  /** As the stream has it; null if it is older. */
  live: TaskView | null;
  onClose(): void;
}) {
  const [known, setKnown] = useState<Known>({ state: 'loading' });
  // Read again at each change of the task: timeline, log and result are not in the stream.
  const version =
    live === null
      ? ''
      : `${live.state}:${live.attempts}:${live.storing}:${live.progress}:${live.progressText}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says when to read again.
  useEffect(() => {
    const controller = new AbortController();
    fetchTask(client, taskId, controller.signal).then(
      (details) => setKnown({ state: 'ready', details }),
      (error: unknown) => {
        if (!controller.signal.aborted) setKnown({ state: 'failed', error: toWireError(error) });
      },
    );
    return () => controller.abort();
  }, [taskId, version]);

  const task = live ?? (known.state === 'ready' ? known.details.task : null);
  return (
    <Dialog
      shape="panel"
      title={task?.title ?? 'Task'}
      description={task ? `${typeLabels[task.contentType]}, ${queueLabels[task.queue]} queue` : ''}
      onClose={onClose}
    >
      <div className="grid gap-6">
        {task && <Head task={task} onRemoved={onClose} />}
        {known.state === 'loading' && (
          <Loading what="the task">
            <Skeleton className="h-40" />
          </Loading>
        )}
        {known.state === 'failed' &&
          (known.error.code === 'NOT_FOUND' ? (
            <p className="text-soft">This task was deleted.</p>
          ) : (
            <Problem {...known.error} />
          ))}
        {known.state === 'ready' && <Rest {...known.details} />}
      </div>
    </Dialog>
  );
}

function Head({ task, onRemoved }: { task: TaskView; onRemoved(): void }) {
  const line = progressLine(task);
  const why = textOrEmpty(task.why);
  return (
    <div className="grid gap-3">
      <div className="flex items-start gap-2.5">
        <TaskGlyph task={task} size={20} />
        <div className="min-w-0 flex-1" role="status">
          <p className="font-medium">
            {stateLabel(task)}
            {task.workerName !== null && <span className="font-normal text-soft"> · {task.workerName}</span>}
          </p>
          {(line || why) && <p className="text-[0.8125rem] text-soft">{line || why}</p>}
        </div>
      </div>
      {task.state === 'active' && (
        <Progress
          value={task.progress > 0 ? task.progress : null}
          label="Progress"
          valueText={task.progress > 0 ? formatPercent(task.progress) : 'running'}
        />
      )}
      {task.failure && task.state !== 'completed' && (
        <Problem message={task.failure.message} next="" code={task.failure.code} compact />
      )}
      <BulkActions
        tasks={[task]}
        onDone={() => {
          if (task.state !== 'active' && task.state !== 'waiting') onRemoved();
        }}
      />
    </div>
  );
}

function Rest({ task, spec, result, steps, log }: TaskDetails) {
  return (
    <>
      <SheetPart title="Timeline">
        <ol className="grid gap-1.5 text-[0.8125rem]">
          {steps.map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end.
            <li key={index} className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3">
              <span className="text-faint">
                <Ago at={step.at} />
              </span>
              <span
                className={`min-w-0 break-words ${step.kind === 'failed' || step.kind === 'lost' ? 'text-trouble-text' : ''}`}
              >
                {textOf(step.message)}
              </span>
            </li>
          ))}
        </ol>
      </SheetPart>
      {result && (
        <SheetPart title="Result">
          {spec.contentType === 'image' && <ResultPicture title={task.title} result={result} />}
          <Result result={result} />
        </SheetPart>
      )}
      {log !== '' && (
        <SheetPart title="Log">
          <pre className="max-h-64 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
            {log}
          </pre>
        </SheetPart>
      )}
      <SheetPart title="Details">
        <Facts task={task} spec={spec} />
      </SheetPart>
    </>
  );
}

function ResultPicture({ title, result }: { title: string; result: NonNullable<TaskDetails['result']> }) {
  const sources = result.thumbnails.slice(0, 1).map((picture) => `data:image/jpeg;base64,${picture}`);
  return (
    <div className="mb-3">
      <FacesPicture name={title} sources={sources} faces={facesIn(result.metadata)} />
    </div>
  );
}

const shownLetters = 4000;

function Result({ result }: { result: NonNullable<TaskDetails['result']> }) {
  const { content, metadata, processingMs } = result;
  const rest = content.length - shownLetters;
  return (
    <div className="grid gap-2">
      {content === '' ? (
        <p className="text-soft">No text was found in it.</p>
      ) : (
        <pre className="max-h-80 overflow-auto rounded-lg border border-line p-3 font-sans text-[0.8125rem] whitespace-pre-wrap">
          {content.slice(0, shownLetters)}
          {rest > 0 && '…'}
        </pre>
      )}
      <p className="text-xs text-faint">
        {formatBytes(new TextEncoder().encode(content).length)} of text in {formatDuration(processingMs)}
      </p>
      {Object.keys(metadata).length > 0 && (
        <pre className="max-h-40 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
          {JSON.stringify(metadata, null, 2)}
        </pre>
      )}
    </div>
  );
}

function Facts({ task, spec }: Pick<TaskDetails, 'task' | 'spec'>) {
  const { input } = spec;
  const facts: [string, ReactNode][] = [
    [
      'Input',
      input.kind === 'file'
        ? `${input.name}, ${formatBytes(input.sizeBytes)}`
        : input.kind === 'url'
          ? input.url
          : `${input.path}, in the shared folder`,
    ],
    ['Attempts', `${task.attempts} of ${task.maxAttempts}`],
    ['Ran', durationText(ranMs(task, Date.now()))],
    ['GPU', spec.gpu ? 'Asked for' : 'Not asked for'],
    ['Index', spec.store ? 'Its text is stored' : 'Its text is not stored'],
    ['Priority', task.priority === 0 ? null : String(task.priority)],
    ['Batch', task.batchId],
    ['Webhook', spec.webhookUrl],
    ['Added', absolute.format(task.addedAt)],
    ['Ended', task.endedAt === null ? null : absolute.format(task.endedAt)],
    ['Id', <IdText key="id" id={task.id} />],
  ];
  return <FactList facts={facts} />;
}
