/**
 * Runs beside each other on the processor. Threads of one run wait for each other at each step, so several runs with few
 * threads each get more done than one run with all of them; one run alone is faster with all. onnxruntime blocks the
 * thread that calls it, so each lane is a thread of its own. They begin when there is work for several.
 */
import { Worker } from 'node:worker_threads';
import { fromWireError } from '../../../../shared/contract/errors.ts';
import type { Picture } from '../pictures/picture.ts';
import type { Feeds, Tensor } from '../sessions.ts';
import type { FromLane, ToLane } from './lane.ts';
import type { LaneChoice } from './lane-choice.ts';
import type { Answers } from './protocol.ts';
import type { ReducedRun } from './reduced-run.ts';
import { createRooms } from './rooms.ts';

export interface LaneResult {
  answers: Answers;
  ms: number;
  /** Most lanes that were working at once meanwhile, this one included. */
  beside: number;
}

export interface Lanes {
  readonly choice: LaneChoice;
  /** Lanes that run something. */
  readonly busy: number;
  /**
   * `opening`: no lane has the graph yet, and they have begun to open it. `free`: one can run it now. `busy`: all that
   * have it are busy. `never`: it could not be opened there.
   */
  state(graph: number, file: string): 'opening' | 'free' | 'busy' | 'never';
  /** Where the state is `free`. Rejects with what the run throws. */
  run(graph: number, feeds: Feeds, options: ReducedRun): Promise<LaneResult>;
  close(graph: number): void;
}

/** A lane's thread, or a stand-in. */
export interface LaneThread {
  post(message: ToLane, handedOver: ArrayBuffer[]): void;
  onMessage(listener: (message: FromLane) => void): void;
  /** It has ended by itself. */
  onEnd(listener: (error: unknown) => void): void;
}

/** @param entry the program whose threads with the role `lane` call `runLane` */
export function startLaneThread(entry: string): LaneThread {
  const worker = new Worker(entry, { workerData: { role: 'lane' } });
  worker.unref();
  return {
    post: (message, handedOver) => worker.postMessage(message, handedOver),
    onMessage: (listener) => void worker.on('message', listener),
    onEnd(listener) {
      worker.once('error', listener);
      worker.once('exit', () => listener(new Error('A thread ended.')));
    },
  };
}

interface Lane {
  call(message: ToLane, handedOver?: ArrayBuffer[]): Promise<FromLane>;
  tell(message: ToLane): void;
  readonly open: Set<number>;
  isBusy: boolean;
  /** Most lanes that were working at once during its run. */
  beside: number;
}

export function createLanes(choice: LaneChoice, start: () => LaneThread): Lanes {
  let lanes: Lane[] | null = null;
  const opening = new Set<number>();
  const never = new Set<number>();
  const isFree = (graph: number) => (lane: Lane) => lane.open.has(graph) && !lane.isBusy;
  const working = () => lanes?.filter(({ isBusy }) => isBusy) ?? [];
  const busy = () => working().length;

  /** Shared with the lanes: what is handed to and fro counts as new each time, and has the garbage collected. */
  const rooms = createRooms<Uint8Array>(choice.count + 1, {
    make: (bytes) => new Uint8Array(new SharedArrayBuffer(bytes)),
    bytesOf: ({ length }) => length,
  });

  /** Inputs that may be handed over. What came in one message lies in one buffer, and that may have others, too. */
  function own(feeds: Feeds): { given: Feeds; handedOver: ArrayBuffer[]; taken: Uint8Array[] } {
    const handedOver: ArrayBuffer[] = [];
    const taken: Uint8Array[] = [];
    const inRoom = (picture: Picture): Picture => {
      const room = rooms.take(picture.rgb.length);
      taken.push(room);
      room.set(picture.rgb);
      return { ...picture, rgb: room.subarray(0, picture.rgb.length) };
    };
    const given = Object.entries(feeds).map(([name, feed]): [string, Feeds[string]] => {
      if (feed.type === 'pictures') return [name, { ...feed, data: feed.data.map(inRoom) }];
      const data = copied(feed.data);
      handedOver.push(data.buffer as ArrayBuffer);
      return [name, { ...feed, data }];
    });
    return { given: Object.fromEntries(given), handedOver, taken };
  }

  /** One that ended is not used again; what it was doing fails. */
  function startLane(): Lane {
    const thread = start();
    const waiting: { resolve(message: FromLane): void; reject(error: unknown): void }[] = [];
    let end: { error: unknown } | null = null;
    const lane: Lane = {
      open: new Set(),
      isBusy: false,
      beside: 0,
      call(message, handedOver = []) {
        if (end !== null) return Promise.reject(end.error);
        return new Promise((resolve, reject) => {
          waiting.push({ resolve, reject });
          thread.post(message, handedOver);
        });
      },
      tell: (message) => thread.post(message, []),
    };
    thread.onMessage((message) => {
      const first = waiting.shift();
      if (message.kind === 'failed') first?.reject(fromWireError(message.error, message.said));
      else first?.resolve(message);
    });
    thread.onEnd((error) => {
      end ??= { error };
      lane.open.clear();
      lanes = lanes?.filter((one) => one !== lane) ?? null;
      for (const { reject } of waiting.splice(0)) reject(error);
    });
    return lane;
  }

  async function openIn(lane: Lane, graph: number, file: string): Promise<void> {
    await lane.call({ kind: 'open', graph, file, threads: choice.threads });
    // It may have been closed meanwhile.
    if (opening.has(graph)) lane.open.add(graph);
    else lane.tell({ kind: 'close', graph });
  }

  async function openAll(graph: number, file: string): Promise<void> {
    opening.add(graph);
    try {
      lanes ??= Array.from({ length: choice.count }, startLane);
      await Promise.all(lanes.map((lane) => openIn(lane, graph, file)));
    } catch {
      // It was opened before, so this is memory, most likely. What runs it alone is still there.
      never.add(graph);
      for (const lane of lanes ?? []) if (lane.open.delete(graph)) lane.tell({ kind: 'close', graph });
    }
    opening.delete(graph);
  }

  return {
    choice,
    get busy() {
      return busy();
    },
    state(graph, file) {
      if (never.has(graph)) return 'never';
      const having = lanes?.filter(({ open }) => open.has(graph)) ?? [];
      if (having.length > 0) return having.some(isFree(graph)) ? 'free' : 'busy';
      if (!opening.has(graph)) void openAll(graph, file);
      return 'opening';
    },
    async run(graph, feeds, options) {
      const lane = lanes?.find(isFree(graph));
      if (lane === undefined) throw new Error(`No lane is free for graph ${graph}.`);
      lane.beside = 0;
      const beside = busy() + 1;
      const { given, handedOver, taken } = own(feeds);
      for (const one of [...working(), lane]) one.beside = Math.max(one.beside, beside);
      lane.isBusy = true;
      try {
        const ran = await lane.call({ kind: 'run', graph, feeds: given, options }, handedOver);
        if (ran.kind !== 'ran') throw new Error('A thread gave another answer.');
        return { answers: ran.answers, ms: ran.ms, beside: lane.beside };
      } finally {
        lane.isBusy = false;
        for (const room of taken) rooms.keep(room);
      }
    },
    close(graph) {
      opening.delete(graph);
      never.delete(graph);
      for (const lane of lanes ?? []) if (lane.open.delete(graph)) lane.tell({ kind: 'close', graph });
    },
  };
}

/** A Buffer's own slice is no copy. */
const copied = <Data extends Tensor['data']>(data: Data): Data =>
  (data instanceof Uint8Array ? new Uint8Array(data) : data.slice()) as Data;
