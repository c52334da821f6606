/** What a benchmark module exports as `benchmark`, or several of as `benchmarks`. */
export interface Benchmark {
  name?: string;
  /** For one that measures several things at once. */
  names?: readonly string[];
  run(context: BenchmarkContext): Promise<BenchmarkResult[]>;
}

export interface BenchmarkContext {
  signal: AbortSignal;
  /** How long a benchmark that watches something over time should; null for its own. */
  minutes: number | null;
  /** A line for the person who waits. */
  note(text: string): void;
}

export interface BenchmarkResult {
  name: string;
  value: number;
  unit: string;
  /** null for what is only reported. */
  goal: number | null;
  /** The goal in words: `≥ 0.9`, `reported`. */
  goalText: string;
  ok: boolean;
}

export function atLeast(name: string, value: number, unit: string, goal: number): BenchmarkResult {
  return { name, value, unit, goal, goalText: `≥ ${goal}`, ok: value >= goal };
}

export function atMost(name: string, value: number, unit: string, goal: number): BenchmarkResult {
  return { name, value, unit, goal, goalText: `≤ ${goal}`, ok: value <= goal };
}

export function reported(name: string, value: number, unit: string): BenchmarkResult {
  return { name, value, unit, goal: null, goalText: 'reported', ok: true };
}
