/** What the gateway's process noticed, as entries of the activity log. Pure. */
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { fact } from '../../../shared/models/message.ts';
import type { GatewayNotice } from './protocol.ts';

export interface NoticeNames {
  /** null if there is no such key. */
  key(credentialId: string): string | null;
  node(nodeId: string): string;
}

export function noticed(notice: GatewayNotice, names: NoticeNames): NewActivityEntry {
  const { credentialId, model } = notice;
  const program = (credentialId === null ? null : names.key(credentialId)) ?? notice.program;
  const common = { kind: 'system', severity: 'warning' } as const;
  if (notice.kind === 'retry-loop') {
    return {
      ...common,
      message: fact('GATEWAY_RETRY_LOOP', { program, model, requests: notice.requests }),
      why: fact('SLOW_DOWN_PROGRAM'),
      nodeId: null,
    };
  }
  const { nodeId, contextLength, otherContextLength, reloads } = notice;
  return {
    ...common,
    message: fact('GATEWAY_CONTEXT_THRASH', {
      program,
      model,
      node: names.node(nodeId),
      contextLength,
      otherContextLength,
      reloads,
    }),
    why: fact('SET_CONTEXT_RULE'),
    nodeId,
  };
}
