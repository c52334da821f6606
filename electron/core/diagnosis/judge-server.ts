/** The steps of the inference server. Pure. */
import type { LoadedModel } from '../../../shared/models/placement.ts';
import { formatDuration } from '../../../shared/units.ts';
import type { AgentSample } from '../ports/agents.ts';
import { fail, isRefused, isSilent, notApplicable, type Probe, pass, type Verdict } from './verdict.ts';

export interface ServerFacts {
  url: string | null;
  /** Whether the machine answers at all. */
  hostAnswers: boolean;
  isThisComputer: boolean;
  server: Probe<{ version: string }> | null;
  /** Whether Ollama answers on the machine itself, by its agent; null where nobody says. */
  answersThere: boolean | null;
}

const LISTEN = 'let it listen on the network: OLLAMA_HOST=0.0.0.0';

/** Whether something takes connections on the server's port. */
export function judgePort({ url, hostAnswers, isThisComputer, server, answersThere }: ServerFacts): Verdict {
  if (url === null || server === null) return notApplicable('The node has no Ollama server.');
  if (!hostAnswers) return notApplicable('The machine does not answer.');
  const port = portOf(url);
  if (server.ok) return pass(`Port ${port} takes connections.`);
  if (isRefused(server.error)) {
    if (isThisComputer)
      return fail(`Nothing listens on port ${port}.`, 'Start Ollama: its app, or `ollama serve`.');
    if (answersThere === true) {
      return fail(
        `Ollama runs there, but nothing listens on port ${port} of the network.`,
        'Set OLLAMA_HOST=0.0.0.0 for Ollama there, and restart it.',
      );
    }
    if (answersThere === false) {
      return fail('Ollama does not run there.', 'Start it: `systemctl start ollama` there, or its app.');
    }
    return fail(
      `The machine is on, but nothing listens on port ${port}.`,
      `Start Ollama there, and ${LISTEN}.`,
    );
  }
  if (isSilent(server.error)) {
    return fail(
      `The machine answers, but not on port ${port}.`,
      `A firewall there keeps it back: allow TCP port ${port} from this network.`,
    );
  }
  return pass(`Port ${port} takes connections.`);
}

/** Whether it is a server that speaks as Ollama does. */
export function judgeServer(facts: ServerFacts): Verdict {
  const { server } = facts;
  if (server === null || judgePort(facts).state !== 'pass')
    return notApplicable('Its port takes no connection.');
  if (server.ok) return pass(`Ollama ${server.value.version} answers, in ${formatDuration(server.tookMs)}.`);
  if (server.error.code === 'HOST_TIMEOUT') {
    return fail(
      'It takes the connection, but does not answer.',
      'It may be overloaded or stuck: restart Ollama there if it stays so.',
    );
  }
  return fail(server.error.message, server.error.next);
}

export interface GpuFacts {
  /** Whether it is known to have a GPU; null where nobody knows. */
  hasGpu: boolean | null;
  /** Names of the GPUs that its tools see; null where nobody looks. */
  gpus: readonly string[] | null;
  /** What its tools complain of. */
  problems: readonly string[];
  /** Whether every tool has reported; left out when they have. */
  gpusRead?: AgentSample['gpusRead'];
}

export function judgeGpu({ hasGpu, gpus, problems, gpusRead = 'all' }: GpuFacts): Verdict {
  const complaints = problems.length === 0 ? '' : ` ${problems.join(' ')}`;
  if (gpus === null) {
    return notApplicable(
      hasGpu === false
        ? 'It is known to have no GPU.'
        : 'Nobody measures there; an agent with the telemetry role would.',
    );
  }
  if (gpus.length > 0) return pass(`Its tools see ${gpus.join(', ')}.${complaints}`);
  if (gpusRead === 'not-yet')
    return notApplicable(`Its tools have not reported its GPUs yet; check again.${complaints}`);
  const failing = gpusRead === 'failed' || problems.length > 0;
  if (hasGpu === false || (hasGpu === null && !failing))
    return notApplicable('Its tools see no GPU, and none is known.');
  return fail(
    `${gpusRead === 'failed' ? 'Its GPU cannot be read.' : 'Its tools see no GPU.'}${complaints}`,
    'After a resume the driver may need a minute. If it stays so, restart the machine, or install the driver anew; `nvidia-smi` (or the vendor’s own tool) must list the GPU there.',
  );
}

export interface UsedGpuFacts {
  hasGpu: boolean | null;
  serverAnswers: boolean;
  /** null where that could not be read. */
  loaded: readonly LoadedModel[] | null;
  /** Whether Ollama found a GPU when it started, by the agent's word. */
  foundAtStart: boolean | null;
  mayRestartOllama: boolean;
}

/** Whether Ollama really uses the GPU; no model is loaded only to look. */
export function judgeUsedGpu(facts: UsedGpuFacts): Verdict {
  const { hasGpu, serverAnswers, loaded, foundAtStart, mayRestartOllama } = facts;
  if (!serverAnswers) return notApplicable('Ollama does not answer.');
  const restart = `Restart Ollama there${mayRestartOllama ? ': its page has a button for it' : ''}, so that it looks for its GPU again. If that comes back with every boot, let its service start after the GPU driver.`;
  const inVram = loaded?.filter(({ vramBytes }) => vramBytes > 0) ?? [];
  if (inVram.length > 0) return pass(`In its VRAM: ${inVram.map(({ name }) => name).join(', ')}.`);
  if (hasGpu === false) return notApplicable('It is known to have no GPU.');
  if (foundAtStart === false && hasGpu === true)
    return fail('Ollama found no GPU when it started, and works on the processor.', restart);
  if (loaded !== null && loaded.length > 0 && hasGpu === true) {
    const names = loaded.map(({ name }) => name).join(', ');
    return fail(
      `${names}: loaded, but on the processor alone.`,
      `Where nobody put it there: ${restart.charAt(0).toLowerCase()}${restart.slice(1)}`,
    );
  }
  if (foundAtStart === true) return pass('Ollama found the GPU when it started.');
  return notApplicable('No model is loaded that would show it, and none is loaded only to look.');
}

const portOf = (url: string) => {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
};
