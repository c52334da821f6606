/** How a box to type in looks. */
export const boxClass =
  'min-w-0 rounded-lg border border-line-strong bg-ground px-3 transition-colors hover:border-faint aria-invalid:border-trouble';
