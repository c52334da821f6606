/** The pages of the panel, as the rail names them. */
export const pages = [
  'Fleet',
  'Models',
  'Search',
  'Index',
  'Tasks',
  'Requests',
  'Runner',
  'Activity',
  'Settings',
] as const;
