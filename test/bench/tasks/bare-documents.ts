/** What the libraries need for the same documents on their own: a process that reads paths and answers with lengths. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Parser } from 'htmlparser2';
import mammoth from 'mammoth';
import { extractText, getDocumentProxy } from 'unpdf';
import { type Entry, fromBuffer } from 'yauzl';

function partsOf(bytes: Buffer): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    const parts = new Map<string, Buffer>();
    fromBuffer(bytes, { lazyEntries: true }, (failure, zip) => {
      if (failure) return reject(failure);
      zip.on('end', () => resolve(parts));
      zip.on('entry', (entry: Entry) => {
        zip.openReadStream(entry, (error, stream) => {
          if (error) return reject(error);
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () => {
            parts.set(entry.fileName, Buffer.concat(chunks));
            zip.readEntry();
          });
        });
      });
      zip.readEntry();
    });
  });
}

function textOfXml(source: string): string {
  let text = '';
  const parser = new Parser({ ontext: (part) => (text += part) }, { xmlMode: true });
  parser.write(source);
  parser.end();
  return text;
}

async function read(path: string): Promise<number> {
  const bytes = readFileSync(path);
  switch (extname(path)) {
    case '.pdf': {
      const { text } = await extractText(await getDocumentProxy(new Uint8Array(bytes)), { mergePages: true });
      return text.length;
    }
    case '.docx':
      return (await mammoth.extractRawText({ buffer: bytes })).value.length;
    case '.xlsx':
    case '.pptx':
    case '.epub': {
      let length = 0;
      for (const [name, part] of await partsOf(bytes)) {
        if (/\.x?html$|\.xml$/.test(name)) length += textOfXml(part.toString()).length;
      }
      return length;
    }
    default:
      return textOfXml(bytes.toString()).length;
  }
}

process.on('message', (path: string) => {
  read(path).then(
    (length) => process.send?.(length),
    (error: unknown) => {
      process.stderr.write(`${path}: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
process.send?.(-1);
