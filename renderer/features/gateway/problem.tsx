import { TriangleAlert } from 'lucide-react';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { WithCode } from '../../components/with-code.tsx';
import { textOf } from '../../texts.ts';

/** Why the gateway does not listen, or not as its settings say, and what to do. */
export function GatewayProblem({ problem }: { problem: NonNullable<GatewayView['problem']> }) {
  return (
    <div className="flex min-w-0 flex-1 basis-72 items-start gap-3">
      <TriangleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-amber" />
      <div className="min-w-0">
        <p className="font-medium break-words">
          <WithCode text={textOf(problem.message)} />
        </p>
        <p className="mt-0.5 text-[0.8125rem] break-words text-soft">
          <WithCode text={textOf(problem.next)} />
        </p>
      </div>
    </div>
  );
}

/** From where it can be used, as a sentence. */
export const reachText = ({ listening }: Pick<GatewayView, 'listening'>): string =>
  listening === 'network'
    ? 'For Ollama, OpenAI and Anthropic clients. Other computers need a key, and this one’s name instead of 127.0.0.1.'
    : 'For Ollama, OpenAI and Anthropic clients on this computer.';
