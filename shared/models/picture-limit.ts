/** The most bytes of a picture in a request to a runner. Without schemas, so that the panel can bundle it. */
export const MOST_PICTURE_BYTES = 10 * 1024 * 1024;
