/** Recognises a server by its answer over HTTP. Pure. Nothing else in that answer is trusted. */

import * as z from 'zod';
import { foreignHealthSchema } from '../../../shared/contract/agent/answers.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { fact } from '../../../shared/models/message.ts';
import { readDoor } from '../../../shared/network/door.ts';
import { isOlderVersion, OLLAMA_SINCE } from '../../../shared/ollama-version.ts';
import type { HttpReply } from '../ports/network.ts';

export type Recognised =
  /** `product` is left out for Ollama. */
  | { kind: 'inference-server'; version: string | null; product?: string }
  | { kind: 'agent'; version: string | null; roles: string[]; id: string | null }
  /** A Wake-on-LAN relay or shutdown server other than Pilotlight's agent. */
  | { kind: 'relay' }
  | { kind: 'shutdown' };

const versionBody = z.object({ version: z.string().max(200) });

/** The answer to `GET /api/version`. */
export function recogniseVersion(reply: HttpReply): Extract<Recognised, { kind: 'inference-server' }> | null {
  const body = versionBody.safeParse(readJson(reply));
  return body.success ? { kind: 'inference-server', version: body.data.version } : null;
}

const modelsBody = z.object({ object: z.literal('list'), data: z.array(z.object({ id: z.string() })) });

/** The answer to `GET /v1/models`, of a server that is no Ollama. */
export function recogniseModels(reply: HttpReply): Extract<Recognised, { kind: 'inference-server' }> | null {
  if (!modelsBody.safeParse(readJson(reply)).success) return null;
  return { kind: 'inference-server', version: null, product: 'OpenAI-compatible server' };
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

/** Why the server at this address cannot be used although it answered; null if nothing is known against it. */
export function serverProblem(reply: HttpReply, url: string): PilotlightError | null {
  const door = readDoor(reply, url);
  if (door?.kind === 'login') return new PilotlightError('SERVER_LOCKED');
  if (door?.kind === 'elsewhere') {
    const { to } = door;
    return new PilotlightError(
      'SERVER_REDIRECTS',
      to === null ? {} : { message: fact('SENDS_ELSEWHERE', { to }) },
    );
  }
  const version = recogniseVersion(reply)?.version ?? null;
  if (version === null || !isOlderVersion(version, OLLAMA_SINCE.ps)) return null;
  return new PilotlightError('SERVER_TOO_OLD', { message: fact('OLLAMA_TOO_OLD_FOR_PS', { version }) });
}

function readJson({ status, text }: HttpReply): unknown {
  return status === 200 ? parseAnswer(text) : undefined;
}
