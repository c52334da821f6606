import { type ReactNode, useState } from 'react';
import type { RequestView } from '../../../shared/models/requests.ts';
import { formatCount } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Problem } from '../../components/problem.tsx';
import { FactList, IdText, SheetPart } from '../../components/sheet-parts.tsx';
import { useAction } from '../../components/use-action.ts';
import { absolute } from '../../late-intl.ts';
import { useConnection } from '../../stores/connection.ts';
import { toastDone } from '../../stores/toasts.ts';
import { textOf, textOrEmpty } from '../../texts.ts';
import { ConfirmDialog } from '../access/confirm-dialog.tsx';
import { nodeHref } from '../shell/route.ts';
import { isOver } from './filter.ts';
import { Prompt } from './prompt.tsx';
import { PromptKeepingSwitch } from './prompt-keeping.tsx';
import {
  durationText,
  priorityLabels,
  problemTexts,
  programLabel,
  speedText,
  stateAbout,
  stateLabels,
  waitText,
} from './request-text.ts';
import { RequestGlyph } from './state-glyph.tsx';
import { TimelineView } from './timeline-view.tsx';

/** Everything about one request, beside the list. */
export function RequestSheet({
  request,
  nodeName,
  onClose,
}: {
  /** null for one that is not known any more. */
  request: RequestView | null;
  nodeName(nodeId: string): string;
  onClose(): void;
}) {
  if (!request) {
    return (
      <Dialog shape="panel" title="Request" onClose={onClose}>
        <p className="text-soft">
          This request is not known any more. Those in progress are listed, and the newest that have ended.
        </p>
      </Dialog>
    );
  }
  const wait = waitText(request);
  return (
    <Dialog
      shape="panel"
      title={request.model ?? request.path}
      description={`From ${programLabel(request)}`}
      onClose={onClose}
    >
      <div className="grid gap-6">
        <div className="grid gap-3">
          <div className="flex items-start gap-2.5">
            <RequestGlyph state={request.state} size={20} />
            <div className="min-w-0 flex-1" role="status">
              <p className="font-medium">
                {stateLabels[request.state]}
                {wait && <span className="font-normal text-soft"> · {wait}</span>}
              </p>
              <p className="text-[0.8125rem] text-soft">{stateAbout[request.state]}</p>
            </div>
            {!isOver(request) && <CancelButton request={request} />}
          </div>
          {request.problem && (
            <Problem {...problemTexts(request.problem, textOf)} code={request.problem.code} compact />
          )}
        </div>
        <SheetPart title="Timeline">
          <TimelineView request={request} nodeName={nodeName} />
        </SheetPart>
        <SheetPart title="Details">
          <Facts request={request} nodeName={nodeName} />
        </SheetPart>
        <SheetPart title="Prompt">
          {request.hasPrompt ? (
            <Prompt requestId={request.id} />
          ) : (
            <div className="grid gap-3">
              <p className="text-soft">The prompt of this request was not kept.</p>
              <PromptKeepingSwitch />
            </div>
          )}
        </SheetPart>
      </div>
    </Dialog>
  );
}

function CancelButton({ request }: { request: RequestView }) {
  const live = useConnection((status) => status.state === 'live');
  const [asking, setAsking] = useState(false);
  const { busy, run } = useAction();
  const cancel = () => client.call('requests.cancel', { id: request.id });
  const done = 'Request cancelled';
  return (
    <>
      <Button
        size="small"
        tone="danger"
        busy={busy}
        disabled={!live}
        onClick={() => (request.state === 'answering' ? setAsking(true) : void run(cancel, done))}
      >
        Cancel request
      </Button>
      {asking && (
        <ConfirmDialog
          title="Cancel this request?"
          about={`${programLabel(request)} has received a part of the answer. It gets no more of it, and sees an error.`}
          action="Cancel request"
          dismiss="Back"
          onClose={() => setAsking(false)}
          run={async () => {
            await cancel();
            toastDone(done);
          }}
        />
      )}
    </>
  );
}

function Facts({ request, nodeName }: { request: RequestView; nodeName(nodeId: string): string }) {
  const { nodeId, credential, priority, contextLength, fallback, status, retries } = request;
  const tokens = (count: number | null) => (count === null ? null : formatCount(count));
  const facts: [string, ReactNode][] = [
    [
      'Machine',
      nodeId === null ? null : (
        <>
          <a
            href={nodeHref(nodeId)}
            className="rounded underline decoration-line-strong underline-offset-2 hover:text-flame-text"
          >
            {nodeName(nodeId)}
          </a>
          <span className="block text-[0.8125rem] text-soft">{textOrEmpty(request.why)}</span>
        </>
      ),
    ],
    ['Answered by', fallback],
    ['API', apiNames[request.dialect]],
    [
      'Path',
      <code key="path" className="font-mono text-xs">
        {request.path}
      </code>,
    ],
    ['Key', credential ?? 'None'],
    ['Priority', priority === null ? null : priorityLabels[priority]],
    ['Context', contextLength === null ? null : `${formatCount(contextLength)}, set by a rule`],
    ['First token', request.firstByteMs === null ? null : durationText(request.firstByteMs)],
    ['Tokens read', tokens(request.inputTokens)],
    ['Tokens written', tokens(request.outputTokens)],
    ['Speed', request.tokensPerSecond === null ? null : speedText(request.tokensPerSecond)],
    ['Tried before', retries === 0 ? null : `${formatCount(retries)} on other machines`],
    ['Status', status === null ? null : String(status)],
    ['Arrived', absolute.format(request.at)],
    ['Id', <IdText key="id" id={request.id} />],
  ];
  return <FactList facts={facts} />;
}

const apiNames: Record<RequestView['dialect'], string> = {
  ollama: 'Ollama',
  openai: 'OpenAI',
  anthropic: 'Anthropic',
};
