/** Where Immich expects machine learning unless it is told otherwise. */
export const IMMICH_PORT = 3003;
