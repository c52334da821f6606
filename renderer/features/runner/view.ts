/** The part of the Runner page that is open, its runner and its filter, all in the address. Pure. */
import { fieldsOf, hashWith } from '../../components/hash.ts';
import type { RunnerPart } from '../shell/route.ts';
import { type Group, groupLabels } from './runner-filter.ts';

export interface RunnerAddress {
  part: RunnerPart;
  /** The runner that is asked for; null for all. */
  nodeId: string | null;
  /** Which of many runners are shown. */
  group: Group;
  text: string;
  /** The row of the model whose details are open; null for none. */
  model: string | null;
}

export function readAddress(hash: string): RunnerAddress {
  const query = fieldsOf('runner', hash);
  const view = query.get('view');
  const group = query.get('show');
  return {
    part: view === 'models' || view === 'try' ? view : 'runners',
    nodeId: query.get('on') || null,
    group: (Object.keys(groupLabels) as Group[]).find((one) => one === group) ?? 'all',
    text: (query.get('q') ?? '').slice(0, 200),
    model: query.get('model') || null,
  };
}

export const addressHash = ({ part, nodeId, group, text, model }: RunnerAddress): string =>
  hashWith('#/runner', {
    view: part === 'runners' ? null : part,
    on: nodeId,
    show: group === 'all' ? null : group,
    q: text || null,
    model,
  });
