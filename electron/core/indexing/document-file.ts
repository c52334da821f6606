/** Files whose text a reader of documents takes out, before it is cut as Markdown. Pure. */

/** Raise it when the same document would give another text: every document is then read again, and nothing else. */
const DOCUMENT_VERSION = 1;

const DOCUMENT_NAME = /\.(?:pdf|docx|docm|xlsx|xlsm|pptx|pptm|epub)$/i;

/** By its name: what a folder has many of is not opened to find out. */
export const isDocumentPath = (path: string): boolean => DOCUMENT_NAME.test(path);

/** What the readers call their formats. */
export const documentFormats: readonly string[] = ['pdf', 'docx', 'xlsx', 'pptx', 'epub'];

/** The name under which the text of a document is cut and shown. */
export const textPathOf = (path: string): string => `${path}.md`;

/** How a file is read and cut: another recipe means that it is indexed again. */
export const recipeFor = (recipe: string, path: string): string =>
  isDocumentPath(path) ? `${recipe}:document-${DOCUMENT_VERSION}` : recipe;
