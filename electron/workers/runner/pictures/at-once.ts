/** How many pictures are worked on at the same time. */
import { availableParallelism } from 'node:os';

/** Pictures that are decoded side by side. */
export const decodersAtOnce = Math.min(8, availableParallelism());

/** Each is in memory, decoded. More than are decoded at once, so that the graphs always have the next one. */
export const picturesAtOnce = decodersAtOnce + 2;
