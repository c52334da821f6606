/** Ollama ends and starts again on a simulated machine: its port refuses connections for a moment. */
import type { SimulatorClock, SimulatorTimer } from './clock.ts';
import type { SimulatedOllama } from './ollama.ts';

export interface ServerRestarts {
  /** As `systemctl restart` does: its runners end with it. `atOnce`: its port stays open. */
  restart(options?: { atOnce: boolean }): void;
  /** As `kill -9` and another start do: its runners go on without it, and keep their memory. */
  kill(): void;
  /** Restarts it at once and then every ten seconds, until it is called with false. */
  repeat(on: boolean): void;
  /** Whether its port is closed. */
  isDown(): boolean;
  /** How often it was restarted. */
  count(): number;
}

export interface ServerRestartsSetup {
  clock: SimulatorClock;
  ollama: Pick<SimulatedOllama, 'running' | 'stop' | 'kill' | 'start'>;
  gpusAlive(): boolean;
  /** Its port opens or closes. */
  updatePort(): void;
  breakConnections(): void;
}

const DOWN_MS = 300;
const REPEAT_MS = 10_000;

export function createServerRestarts(setup: ServerRestartsSetup): ServerRestarts {
  const { clock, ollama, gpusAlive, updatePort, breakConnections } = setup;
  let down: SimulatorTimer | null = null;
  let repeating: SimulatorTimer | null = null;
  let count = 0;

  function again(end: () => void, atOnce = false): void {
    if (!ollama.running()) return;
    end();
    ollama.start({ gpusAlive: gpusAlive() });
    count += 1;
    if (atOnce) return;
    down?.cancel();
    down = clock.timer(DOWN_MS, () => {
      down = null;
      updatePort();
    });
    updatePort();
    breakConnections();
  }

  function repeat(on: boolean): void {
    repeating?.cancel();
    repeating = null;
    if (!on) return;
    again(ollama.stop);
    repeating = clock.timer(REPEAT_MS, () => repeat(true));
  }

  return {
    restart: ({ atOnce } = { atOnce: false }) => again(ollama.stop, atOnce),
    kill: () => again(ollama.kill),
    repeat,
    isDown: () => down !== null,
    count: () => count,
  };
}
