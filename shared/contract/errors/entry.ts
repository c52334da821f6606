/** The entry of one code. */
export interface CatalogueEntry {
  /** A sentence for a person. */
  message: string;
  next: string;
  /** HTTP status in the control API, or in the agent's API. */
  status: number;
}

export type Catalogue = Record<string, CatalogueEntry>;
