import { describe, expect, it } from 'vitest';
import {
  readBody,
  readContentType,
  readFlag,
  readItems,
  readJsonObject,
  readNumber,
  readText,
  requireText,
} from '../../../../electron/transport/http/tasks/fields.ts';

/** A refusal that names the field. */
const wrong = (path: string) =>
  expect.objectContaining({
    code: 'FIELD_WRONG',
    details: { fields: [{ path, message: expect.stringContaining(path) }] },
  });

describe('a flag', () => {
  it.each(['true', 'True', 'TRUE', ' true ', '1', 'yes', 'Yes', 'on', 'ON', 'y', 't', 1, true])(
    'is on: %j',
    (value) => expect(readFlag('gpu', value)).toBe(true),
  );
  it.each(['false', 'False', 'FALSE', '0', 'no', 'NO', 'off', 'Off', 'n', 'f', 0, false])(
    'is off: %j',
    (value) => expect(readFlag('gpu', value)).toBe(false),
  );
  it.each([undefined, null, ''])('is not given: %j', (value) => expect(readFlag('gpu', value)).toBeNull());
  it.each(['maybe', '2', 'truee', 2, {}, ['x'], 'constructor', '__proto__', 'ｔrue'])(
    'is refused: %j',
    (value) => expect(() => readFlag('gpu', value)).toThrow(wrong('gpu')),
  );
  it('is the last one of several in an address', () => expect(readFlag('gpu', ['false', 'true'])).toBe(true));
});

describe('JSON in a field', () => {
  it.each([
    [undefined, {}],
    ['', {}],
    [null, {}],
    ['{}', {}],
    ['{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    [{ a: 'x' }, { a: 'x' }],
  ])('reads %j', (value, expected) => expect(readJsonObject('options', value)).toEqual(expected));
  it.each(['{', '[]', '"text"', 'null', '7', '{"a":}', [], 7, true])('refuses %j', (value) =>
    expect(() => readJsonObject('options', value)).toThrow(wrong('options')),
  );
});

describe('a kind of content', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['auto', null],
    ['unknown', null],
    ['application/octet-stream', null],
    ['document', 'document'],
    ['Audio', 'audio'],
    ['youtube', 'youtube'],
    ['pdf', 'document'],
    ['markdown', 'document'],
    ['application/pdf', 'document'],
    ['text/markdown; charset=utf-8', 'document'],
    ['image/svg+xml', 'image'],
    ['video/x-matroska', 'video'],
    ['audio/mpeg', 'audio'],
  ])('reads %j', (value, expected) => expect(readContentType('content_type', value)).toBe(expected));
  it.each(['banana', 'audio/', 'model/gltf', 7])('refuses %j', (value) =>
    expect(() => readContentType('content_type', value)).toThrow(wrong('content_type')),
  );
});

describe('other fields', () => {
  it('reads text, and nothing but spaces as none', () => {
    expect(readText('webhook_url', 'http://a/')).toBe('http://a/');
    expect(readText('webhook_url', '  ')).toBeNull();
    expect(() => readText('webhook_url', 7)).toThrow(wrong('webhook_url'));
    expect(() => readText('webhook_url', 'x'.repeat(2001))).toThrow(wrong('webhook_url'));
    expect(() => requireText('url', undefined)).toThrow(wrong('url'));
  });
  it('reads whole numbers', () => {
    expect(readNumber('chunk_size', '512')).toBe(512);
    expect(readNumber('chunk_size', 0)).toBe(0);
    expect(readNumber('chunk_size', undefined)).toBeNull();
    for (const value of ['1.5', '-1', 'x', ' ', true, {}, '1e99'])
      expect(() => readNumber('chunk_size', value)).toThrow(wrong('chunk_size'));
  });
  it('reads objects and lists of them', () => {
    expect(readBody({ a: 1 })).toEqual({ a: 1 });
    for (const value of [undefined, null, [], 'x', 7]) expect(() => readBody(value)).toThrow(wrong('body'));
    expect(readItems('items', [{ url: 'u' }, 'http://b/'], 2)).toEqual([{ url: 'u' }, { url: 'http://b/' }]);
    for (const value of [[], {}, 'x', [1, 2, 3]])
      expect(() => readItems('items', value, 2)).toThrow(wrong('items'));
    expect(() => readItems('items', [{}, 7], 2)).toThrow(wrong('items.1'));
  });
});
