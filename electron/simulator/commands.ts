/** Commands to a running simulator, one JSON object per line. */
import type { SimulatedFleet } from './fleet.ts';

export type CommandReply = { ok: true; [member: string]: unknown } | { ok: false; error: string };

/**
 * Carries out one of
 * `{"wake":ID}`, `{"sleep":ID}`, `{"kill":ID}`, `{"restart":ID}`, `{"killOllama":ID}`, `{"state":ID}`,
 * `{"fault":NAME,"node":ID,"on":BOOLEAN}`, `{"dieAfterTexts":N,"node":ID}`,
 * `{"textsPerSecond":R,"node":ID}`, `{"holdVram":BYTES,"node":ID,"program":NAME}`.
 */
export function runCommand(fleet: SimulatedFleet, line: string): CommandReply {
  try {
    return obey(fleet, JSON.parse(line) as Record<string, unknown>);
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function obey(fleet: SimulatedFleet, command: Record<string, unknown>): CommandReply {
  const { control } = fleet;
  const node = typeof command.node === 'string' ? command.node : '';
  if (typeof command.wake === 'string') control.wake(command.wake);
  else if (typeof command.sleep === 'string') control.sleep(command.sleep);
  else if (typeof command.kill === 'string') control.kill(command.kill);
  else if (typeof command.restart === 'string') control.restartOllama(command.restart);
  else if (typeof command.killOllama === 'string') control.killOllama(command.killOllama);
  else if (typeof command.fault === 'string') control.setFault(node, command.fault, command.on !== false);
  else if (typeof command.dieAfterTexts === 'number') control.dieAfterTexts(node, command.dieAfterTexts);
  else if (typeof command.holdVram === 'number') {
    control.holdVram(
      node,
      command.holdVram,
      typeof command.program === 'string' ? command.program : undefined,
    );
  } else if (typeof command.textsPerSecond === 'number') {
    control.machine(node).ollama.compute.setRates(command.textsPerSecond, command.textsPerSecond);
  } else if (typeof command.state === 'string') {
    const machine = control.machine(command.state);
    return {
      ok: true,
      power: machine.power(),
      embeddedTexts: machine.ollama.compute.embeddedTexts(),
      requests: machine.ollama.requests(),
      inFlight: machine.ollama.inFlight(),
      faults: machine.faults.list().flatMap((fault) => (fault.on ? [fault.name] : [])),
    };
  } else return { ok: false, error: 'unknown command' };
  return { ok: true };
}
