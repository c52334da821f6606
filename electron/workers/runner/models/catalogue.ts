/** The models that can be downloaded: small, freely licensed, each file known by its SHA-256. */
import type { CatalogueModel } from '../../../../shared/models/runner.ts';

export interface CatalogueFile {
  /** Where it lies in the model's folder. */
  path: string;
  /** Below the source's address. */
  from: string;
  sizeBytes: number;
  sha256: string;
}

export interface CatalogueEntry {
  name: string;
  kind: CatalogueModel['kind'];
  licence: string;
  files: readonly CatalogueFile[];
}

/** The setting can name a mirror with the same paths. */
export const usualSource = 'https://huggingface.co';

/** Revisions are fixed: what a branch holds may change. */
const original = 'sentence-transformers/all-MiniLM-L6-v2/resolve/1110a243fdf4706b3f48f1d95db1a4f5529b4d41';
const quantised = 'Xenova/all-MiniLM-L6-v2/resolve/751bff37182d3f1213fa05d7196b954e230abad9';

const file = (repository: string, path: string, sizeBytes: number, sha256: string): CatalogueFile => ({
  path,
  from: `${repository}/${path}`,
  sizeBytes,
  sha256,
});

const settings = [
  file(
    original,
    'tokenizer.json',
    466_247,
    'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
  ),
  file(
    original,
    'tokenizer_config.json',
    350,
    'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
  ),
  file(original, 'config.json', 612, '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41'),
  file(original, 'modules.json', 349, '84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf'),
  file(
    original,
    '1_Pooling/config.json',
    190,
    '4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23',
  ),
  file(
    original,
    'sentence_bert_config.json',
    53,
    'fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7',
  ),
  file(
    original,
    'config_sentence_transformers.json',
    116,
    '061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3',
  ),
];

export const catalogue: readonly CatalogueEntry[] = [
  {
    name: 'all-MiniLM-L6-v2-int8',
    kind: 'text',
    licence: 'Apache-2.0',
    files: [
      file(
        quantised,
        'onnx/model_quantized.onnx',
        22_972_370,
        'afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1',
      ),
      ...settings,
    ],
  },
  {
    name: 'all-MiniLM-L6-v2',
    kind: 'text',
    licence: 'Apache-2.0',
    files: [
      file(
        original,
        'onnx/model.onnx',
        90_405_214,
        '6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452',
      ),
      ...settings,
    ],
  },
];

export const sizeOfEntry = ({ files }: CatalogueEntry): number =>
  files.reduce((size, { sizeBytes }) => size + sizeBytes, 0);
