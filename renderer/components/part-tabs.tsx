/** The parts of a page, as links: the address says which one is open, and Back goes to the one before. */
export const PartTabs = ({
  parts,
  current,
}: {
  parts: readonly { name: string; title: string; href: string; note?: string | null }[];
  current: string;
}) => (
  <nav aria-label="Parts of this page" className="mb-4 overflow-x-auto border-b border-line">
    <ul className="flex gap-1 max-sm:gap-0">
      {parts.map(({ name, title, href, note }) => (
        <li key={name}>
          <a
            href={href}
            aria-current={name === current ? 'true' : undefined}
            className="block border-b-2 border-transparent px-3 py-2 whitespace-nowrap outline-offset-[-2px] font-medium text-soft hover:text-text aria-[current]:border-flame aria-[current]:text-text"
          >
            {title}
            {note && <span className="ml-1.5 text-xs font-normal text-faint">{note}</span>}
          </a>
        </li>
      ))}
    </ul>
  </nav>
);
