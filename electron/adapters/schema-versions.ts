/** How many migrations the databases of the workers have, which a restored backup must not exceed. A test compares. */
export const TASKS_SCHEMA = 1;
export const INDEX_SCHEMA = 5;
