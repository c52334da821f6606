/** What the catalogue says of one code. */
export interface CatalogueEntry {
  /** A sentence for a person. */
  message: string;
  next: string;
  /** The HTTP status of the control API, or of the agent's. */
  status: number;
}

export type Catalogue = Record<string, CatalogueEntry>;
