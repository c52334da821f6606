/** Small documents, made by hand as their programs would write them. */
import { makeZip, type ZipPart } from './zip.ts';

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPES = 'http://schemas.openxmlformats.org/package/2006/content-types';
const WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
const MAIN = 'application/vnd.openxmlformats-officedocument';

export const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const relations = (...list: readonly [id: string, type: string, target: string][]) =>
  `${XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${list
    .map(([id, type, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`;
const contentTypes = (part: string, kind: string) =>
  `${XML}<Types xmlns="${TYPES}"><Default Extension="xml" ContentType="application/xml"/>` +
  `<Override PartName="/${part}" ContentType="${MAIN}.${kind}.main+xml"/></Types>`;
const core = (title: string) =>
  `${XML}<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:title>${escapeXml(title)}</dc:title></cp:coreProperties>`;

/** A paragraph of Word. */
export const wordText = (text: string, properties = '') =>
  `<w:p>${properties && `<w:pPr>${properties}</w:pPr>`}<w:r><w:t xml:space="preserve">${escapeXml(text)}</w:t></w:r></w:p>`;
export const wordHeading = (text: string, style: string) => wordText(text, `<w:pStyle w:val="${style}"/>`);
export const WORD_PAGE_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>';

export function docxParts(body: string, { title = '', footnotes = '' } = {}): Record<string, string> {
  return {
    '[Content_Types].xml': contentTypes('word/document.xml', 'wordprocessingml.document'),
    '_rels/.rels': relations(
      ['r1', 'officeDocument', 'word/document.xml'],
      ...(title === '' ? [] : [['r2', 'core-properties', 'docProps/core.xml'] as [string, string, string]]),
    ),
    ...(title === '' ? {} : { 'docProps/core.xml': core(title) }),
    'word/_rels/document.xml.rels': relations(
      ['r1', 'styles', 'styles.xml'],
      ...(footnotes === '' ? [] : [['r2', 'footnotes', 'footnotes.xml'] as [string, string, string]]),
    ),
    'word/styles.xml':
      `${XML}<w:styles xmlns:w="${WORD}"><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>` +
      '<w:style w:styleId="Own"><w:name w:val="Own"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style></w:styles>',
    ...(footnotes === ''
      ? {}
      : { 'word/footnotes.xml': `${XML}<w:footnotes xmlns:w="${WORD}">${footnotes}</w:footnotes>` }),
    'word/document.xml': `${XML}<w:document xmlns:w="${WORD}" xmlns:mc="m"><w:body>${body}</w:body></w:document>`,
  };
}
export const makeDocx = (body: string, options?: { title?: string; footnotes?: string }) =>
  makeZip(docxParts(body, options));

export interface SheetCell {
  /** Index of a shared string. */
  shared?: number;
  inline?: string;
  number?: number;
  style?: number;
}
const cellXml = ({ shared, inline, number, style = 0 }: SheetCell) =>
  shared !== undefined
    ? `<c t="s" s="${style}"><v>${shared}</v></c>`
    : inline !== undefined
      ? `<c t="inlineStr"><is><t>${escapeXml(inline)}</t></is></c>`
      : `<c s="${style}"><v>${number}</v></c>`;

/** Style 1 is a date, style 2 a date with a time in a format of its own, style 3 a number with units. */
const SHEET_STYLES =
  `${XML}<styleSheet><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/>` +
  '<numFmt numFmtId="165" formatCode="0.0 &quot;days&quot;"/></numFmts>' +
  '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>' +
  '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>';

export function makeXlsx(
  sheets: readonly { name: string; rows: readonly (readonly SheetCell[])[] }[],
  strings: readonly string[] = [],
): Buffer {
  const parts: Record<string, string> = {
    '[Content_Types].xml': contentTypes('xl/workbook.xml', 'spreadsheetml.sheet'),
    '_rels/.rels': relations(['r1', 'officeDocument', 'xl/workbook.xml']),
    'xl/_rels/workbook.xml.rels': relations(
      ['s1', 'sharedStrings', 'sharedStrings.xml'],
      ['s2', 'styles', '/xl/styles.xml'],
      ...sheets.map((_, at): [string, string, string] => [
        `t${at}`,
        'worksheet',
        `worksheets/sheet${at + 1}.xml`,
      ]),
    ),
    'xl/workbook.xml': `${XML}<workbook xmlns:r="r"><sheets>${sheets
      .map(({ name }, at) => `<sheet name="${escapeXml(name)}" sheetId="${at + 7}" r:id="t${at}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/styles.xml': SHEET_STYLES,
    'xl/sharedStrings.xml': `${XML}<sst>${strings
      .map((text) => `<si><t>${escapeXml(text)}</t><rPh><t>reading</t></rPh></si>`)
      .join('')}</sst>`,
  };
  for (const [at, { rows }] of sheets.entries()) {
    parts[`xl/worksheets/sheet${at + 1}.xml`] = `${XML}<worksheet><sheetData>${rows
      .map((row) => `<row>${row.map(cellXml).join('')}</row>`)
      .join('')}</sheetData></worksheet>`;
  }
  return makeZip(parts);
}

const shape = (type: string, ...paragraphs: string[]) =>
  `<p:sp><p:nvSpPr><p:nvPr><p:ph type="${type}"/></p:nvPr></p:nvSpPr><p:txBody>${paragraphs
    .map((text) => `<a:p><a:r><a:t>${escapeXml(text)}</a:t></a:r></a:p>`)
    .join('')}</p:txBody></p:sp>`;

export function makePptx(slides: readonly { title: string; lines: string[]; notes?: string }[]): Buffer {
  // The order of the files is not that of the slides.
  const fileOf = (at: number) => `slides/slide${slides.length - at}.xml`;
  const parts: Record<string, string> = {
    '[Content_Types].xml': contentTypes('ppt/presentation.xml', 'presentationml.presentation'),
    '_rels/.rels': relations(['r1', 'officeDocument', 'ppt/presentation.xml']),
    'ppt/presentation.xml': `${XML}<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst>${slides
      .map((_, at) => `<p:sldId id="${256 + at}" r:id="s${at}"/>`)
      .join('')}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(
      ...slides.map((_, at): [string, string, string] => [`s${at}`, 'slide', fileOf(at)]),
    ),
  };
  for (const [at, { title, lines, notes }] of slides.entries()) {
    parts[`ppt/${fileOf(at)}`] =
      `${XML}<p:sld xmlns:p="p" xmlns:a="a">${shape('title', title)}${shape('body', ...lines)}${shape('sldNum', String(at + 1))}</p:sld>`;
    if (notes === undefined) continue;
    parts[`ppt/notesSlides/notes${at}.xml`] =
      `${XML}<p:notes xmlns:p="p" xmlns:a="a">${shape('body', notes)}</p:notes>`;
    parts[`ppt/slides/_rels/${fileOf(at).slice(7)}.rels`] = relations([
      'n',
      'notesSlide',
      `../notesSlides/notes${at}.xml`,
    ]);
  }
  return makeZip(parts);
}

export interface Chapter {
  file: string;
  html: string;
  /** In the table of contents. */
  name?: string;
}

export function epubParts(title: string, chapters: readonly Chapter[], more: ZipPart[] = []): ZipPart[] {
  const text = (name: string, content: string): ZipPart => ({ name, content });
  return [
    { name: 'mimetype', content: 'application/epub+zip', stored: true },
    text(
      'META-INF/container.xml',
      `${XML}<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>`,
    ),
    text(
      'OEBPS/book.opf',
      `${XML}<package xmlns:dc="d"><metadata><dc:title>${escapeXml(title)}</dc:title><dc:creator>Ada Example</dc:creator></metadata>` +
        '<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>' +
        `${chapters
          .map(
            ({ file }, at) =>
              `<item id="c${at}" href="${encodeURI(file)}" media-type="application/xhtml+xml"/>`,
          )
          .join(
            '',
          )}</manifest><spine>${chapters.map((_, at) => `<itemref idref="c${at}"/>`).join('')}</spine></package>`,
    ),
    text(
      'OEBPS/nav.xhtml',
      `<html><body><nav>${chapters
        .filter(({ name }) => name !== undefined)
        .map(({ file, name }) => `<a href="${encodeURI(file)}#start">${name}</a>`)
        .join('')}</nav></body></html>`,
    ),
    ...chapters.map(({ file, html }) => text(`OEBPS/${file}`, html)),
    ...more,
  ];
}
export const makeEpub = (title: string, chapters: readonly Chapter[]) => makeZip(epubParts(title, chapters));

/** A PDF of its pages' lines, in the font Helvetica. `encrypt` is the dictionary of a protection. */
export function makePdf(
  pages: readonly (readonly string[])[],
  { title = '', encrypt = '' }: { title?: string; encrypt?: string } = {},
): Buffer {
  const objects: string[] = [];
  const add = (content: string) => objects.push(content);
  const kids = pages.map((_, at) => `${4 + at * 2} 0 R`).join(' ');
  add('<< /Type /Catalog /Pages 2 0 R >>');
  add(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>');
  for (const [at, lines] of pages.entries()) {
    const stream = lines
      .map((line, row) => `BT /F1 12 Tf 72 ${720 - row * 14} Td (${line.replace(/[()\\]/g, '\\$&')}) Tj ET`)
      .join('\n');
    add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + at * 2} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
    );
    add(`<< /Length ${Buffer.byteLength(stream, 'latin1')} >>\nstream\n${stream}\nendstream`);
  }
  add(`<< /Title (${title}) >>`);
  const info = objects.length;
  if (encrypt !== '') add(encrypt);
  let text = '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n';
  const offsets = objects.map((content, at) => {
    const offset = text.length;
    text += `${at + 1} 0 obj\n${content}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const id = '00112233445566778899aabbccddeeff';
  const extra = encrypt === '' ? '' : ` /Encrypt ${objects.length} 0 R /ID [<${id}> <${id}>]`;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${info} 0 R${extra} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

/** RC4 with 40 bits, and a check of the password that no password passes. */
export const PDF_PASSWORD = `<< /Filter /Standard /V 1 /R 2 /P -4 /O <${'5a'.repeat(32)}> /U <${'a5'.repeat(32)}> >>`;
