/**
 * How errors of tasks read to other programs: `{error, code, next}` as elsewhere, and `detail`, which programs for the
 * existing server read: text, or for a wrong field a list of `{loc, msg, type}`.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorCatalogue, PilotlightError, type WireError } from '../../../../shared/contract/errors.ts';
import type { Right } from '../../../../shared/rights.ts';
import type { Log } from '../../../core/ports/log.ts';
import { describe } from '../../session.ts';
import type { ForeignShape } from '../app.ts';
import { requireRight } from '../caller.ts';

const UNPROCESSABLE = 422;

export const taskShape: ForeignShape = {
  has: (path) => path.startsWith('/process/') || path.startsWith('/api/v1/'),
  reply: replyToProgram,
};

export function replyToProgram(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const own = error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500;
  const failure = own ? new PilotlightError('BAD_REQUEST', { message: 'The request is malformed.' }) : error;
  const wire = describe(failure, log);
  const status = own ? Number(error.statusCode) : errorCatalogue[wire.code].status;
  const { code, message, next, details } = wire;
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({
    error: code === 'UNAUTHORIZED' ? 'Unauthorized' : message,
    code,
    next,
    ...(details === undefined ? {} : { details }),
    detail: status === UNPROCESSABLE ? fieldsOf(wire) : message,
  });
}

function fieldsOf({ message, details }: WireError) {
  const fields = Array.isArray(details?.fields)
    ? (details.fields as { path: string; message: string }[])
    : [];
  if (fields.length === 0) return [{ loc: ['body'], msg: message, type: 'value_error' }];
  return fields.map(({ path, message: msg }) => ({
    loc: ['body', ...path.split('.').filter((part) => part !== 'body')],
    msg,
    type: 'value_error',
  }));
}

/** Throws why its credential is refused, or FORBIDDEN if it has none of these rights. */
export function requireOneOf(request: FastifyRequest, rights: readonly [Right, ...Right[]]): void {
  const has = rights.some((right) => request.principal?.rights.has(right));
  if (!has) requireRight(request, rights[0]);
}
