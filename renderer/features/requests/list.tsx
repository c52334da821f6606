import type { RequestView } from '../../../shared/models/requests.ts';
import { RowGrid } from '../../components/row-grid.tsx';
import { columns, Row, rowRem } from './row.tsx';

/** The requests, newest state of each. */
export const RequestList = ({
  requests,
  nodeName,
  ...grid
}: {
  requests: readonly RequestView[];
  nodeName(nodeId: string): string;
  openId: string | null;
  onOpen(requestId: string): void;
  onHold(held: boolean): void;
}) => (
  <RowGrid label="Requests" rows={requests} columns={columns} rowRem={rowRem} {...grid}>
    {(request, place) => (
      <Row
        key={request.id}
        request={request}
        nodeName={request.nodeId === null ? null : nodeName(request.nodeId)}
        {...place}
      />
    )}
  </RowGrid>
);
