import { describe, expect, test } from 'vitest';
import { fieldsIn, fieldsOf, hashWith, keepOthers, pagePart } from '../../../../renderer/components/hash.ts';

describe('the address of a page', () => {
  test('has a page and fields; an empty one is the Fleet', () => {
    expect(pagePart('#/tasks?state=waiting')).toBe('#/tasks');
    expect(pagePart('')).toBe('#/fleet');
    expect(fieldsIn('#/tasks?state=waiting').get('state')).toBe('waiting');
    expect(fieldsIn('#/tasks').size).toBe(0);
  });

  test('has the fields of its own page only', () => {
    expect(fieldsOf('tasks', '#/tasks?q=a').get('q')).toBe('a');
    expect(fieldsOf('tasks', '#/requests?q=a').size).toBe(0);
    expect(fieldsOf('tasks', '#/tasks-of-old?q=a').size).toBe(0);
    expect(fieldsOf('fleet', '').size).toBe(0);
  });

  test('leaves out what has no value, and keeps an empty text', () => {
    expect(hashWith('#/tasks', { a: null })).toBe('#/tasks');
    expect(hashWith('#/tasks', { a: '', b: 'c d&e' })).toBe('#/tasks?a=&b=c+d%26e');
  });

  test('keeps what other parts of the page have in it, and nothing on another page', () => {
    expect(keepOthers('#/fleet?period=day&q=a', '#/fleet?q=a', '#/fleet?q=b')).toBe('#/fleet?period=day&q=b');
    expect(keepOthers('#/fleet?period=day&q=a', '#/fleet?q=a', '#/fleet')).toBe('#/fleet?period=day');
    expect(keepOthers('', '#/fleet', '#/fleet?q=b')).toBe('#/fleet?q=b');
    expect(keepOthers('#/fleet?period=day', '#/fleet', '#/tasks')).toBe('#/tasks');
  });
});
