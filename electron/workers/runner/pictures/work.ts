/** Does the tasks of `task.ts`, in the process that runs the graphs. */
import type { AnalysedPicture } from '../faces/analysed.ts';
import { analyse } from '../faces/analysis.ts';
import { createDetector, type FaceDetector } from '../faces/detector.ts';
import { createEmbedder, type FaceEmbedder } from '../faces/embedder.ts';
import type { RunnableGraph } from '../sessions.ts';
import type { Pictures } from './pictures.ts';
import type { FacePlan, PictureTask, PictureVector } from './task.ts';
import { vectorOf } from './vector.ts';

export interface PictureWork {
  /**
   * @param graphs a detector and an embedder for `faces`, one graph for `vector`
   * @throws what decoding and running throw; the signal's reason
   */
  perform(
    task: PictureTask,
    graphs: readonly number[],
    signal: AbortSignal,
  ): Promise<AnalysedPicture | PictureVector>;
  /** The graph is not used any more. */
  close(graph: number): void;
}

/** Pictures and faces that wait are put into batches, for each detector and each embedder. */
interface FaceParts {
  detector: FaceDetector;
  embedder: FaceEmbedder;
}

export function createPictureWork({
  pictures,
  graphOf,
}: {
  pictures: Pictures;
  graphOf(graph: number): RunnableGraph;
}): PictureWork {
  const models = new Map<string, FaceParts>();

  function partsOf(graphs: readonly number[], { detector, embedder }: FacePlan): FaceParts {
    const key = graphs.join();
    const known = models.get(key);
    if (known !== undefined) return known;
    const [first, second] = graphs as [number, number];
    const made = {
      detector: createDetector({ ...detector, graph: graphOf(first), pictures }),
      embedder: createEmbedder({ ...embedder, graph: graphOf(second) }),
    };
    models.set(key, made);
    return made;
  }

  return {
    async perform(task, graphs, signal) {
      if (task.kind === 'faces')
        return analyse(task.bytes, { pictures, ...partsOf(graphs, task.plan) }, { ...task.options, signal });
      const [graph] = graphs as [number];
      return vectorOf(task.bytes, { pictures, graph: graphOf(graph), plan: task.plan, signal });
    },
    close(graph) {
      for (const key of [...models.keys()]) if (key.split(',').includes(String(graph))) models.delete(key);
    },
  };
}
