/** Recognises a server by its answer over HTTP. Pure. Nothing else in that answer is trusted. */

import * as z from 'zod';
import { foreignHealthSchema } from '../../../shared/contract/agent/answers.ts';
import { parseJson } from '../../../shared/json.ts';
import type { HttpReply } from '../ports/network.ts';

export type Recognised =
  | { kind: 'inference-server'; version: string | null }
  | { kind: 'agent'; version: string | null; roles: string[]; id: string | null }
  /** A Wake-on-LAN relay or shutdown server other than Pilotlight's agent. */
  | { kind: 'relay' }
  | { kind: 'shutdown' };

const versionBody = z.object({ version: z.string().max(200) });

/** The answer to `GET /api/version`. */
export function recogniseVersion(reply: HttpReply): Recognised | null {
  const body = versionBody.safeParse(readJson(reply));
  return body.success ? { kind: 'inference-server', version: body.data.version } : null;
}

/** The answer to `GET /health`; null for an unknown server, such as another program's worker on the same port. */
export function recogniseHealth(reply: HttpReply): Recognised | null {
  const body = foreignHealthSchema.safeParse(readJson(reply));
  if (!body.success) return null;
  const { agent, service, version, roles, id, ...rest } = body.data;
  if (agent === 'pilotlight') return { kind: 'agent', version, roles, id };
  if (rest.gpu_pc_ip !== undefined || rest.gpu_pc_reachable !== undefined) return { kind: 'relay' };
  return service === 'gpu-shutdown' ? { kind: 'shutdown' } : null;
}

function readJson({ status, text }: HttpReply): unknown {
  return status === 200 ? parseJson(text) : undefined;
}
