import { useCallback, useEffect, useRef, useState } from 'react';
import type { RunnerFace } from '../../../shared/models/runner.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { type PictureProblem, pictureProblem } from './try-logic.ts';

export interface FacesFound {
  faces: readonly RunnerFace[];
  nodeId: string;
  gpu: boolean;
  tookMs: number;
}

export interface Picture {
  name: string;
  /** Null while it is read, and if this browser cannot show it. */
  shown: { url: string; image: HTMLImageElement; width: number; height: number } | null;
  outcome: 'running' | FacesFound | (PictureProblem & { code?: string });
}

/** A picture that was chosen, and the faces that a runner finds in it. */
export function usePicture(nodeId: string): {
  picture: Picture | null;
  choose(file: File): void;
  /** Null while there is nothing to repeat. */
  again: (() => void) | null;
  clear(): void;
} {
  const [picture, setPicture] = useState<Picture | null>(null);
  const [file, setFile] = useState<File | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const run = useCallback(
    async (chosen: File) => {
      running.current?.abort();
      const abort = new AbortController();
      running.current = abort;
      const { name } = chosen;
      const set = (next: Partial<Picture>) => {
        if (!abort.signal.aborted)
          setPicture((before) => ({ shown: null, outcome: 'running', ...before, name, ...next }));
      };
      setPicture({ name, shown: null, outcome: 'running' });
      setFile(chosen);
      const problem = pictureProblem(chosen);
      if (problem) return set({ outcome: problem });
      try {
        const url = await readUrl(chosen);
        set({ shown: await decoded(url) });
        const image = url.slice(url.indexOf(',') + 1);
        const found = await client.call('runner.faces', { nodeId, image }, { signal: abort.signal });
        set({ outcome: found });
      } catch (error) {
        set({ outcome: error instanceof UnreadableFile ? unreadable : toWireError(error) });
      }
    },
    [nodeId],
  );

  return {
    picture,
    choose: (chosen) => void run(chosen),
    again: file === null || picture?.outcome === 'running' ? null : () => void run(file),
    clear() {
      running.current?.abort();
      setPicture(null);
      setFile(null);
    },
  };
}

class UnreadableFile extends Error {}
const unreadable: PictureProblem = {
  message: 'The file could not be read.',
  next: 'Check that it is still there, then choose it again.',
};

function readUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new UnreadableFile());
    reader.readAsDataURL(file);
  });
}

/** Null for a kind of picture that this browser cannot show: the runner may read it all the same. */
async function decoded(url: string): Promise<Picture['shown']> {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    return null;
  }
  return { url, image, width: image.naturalWidth, height: image.naturalHeight };
}
