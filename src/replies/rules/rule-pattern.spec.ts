import { describe, expect, it } from '@jest/globals';
import type { ReplyRuleKind } from './reply-rule.js';
import { compilePattern } from './rule-pattern.js';

function compiled(kind: ReplyRuleKind, pattern: string | null) {
  const problems: string[] = [];
  const result = compilePattern(kind, pattern, problems);
  expect(problems).toEqual([]);
  return result;
}

function problemsOf(kind: ReplyRuleKind, pattern: string | null): string[] {
  const problems: string[] = [];
  expect(compilePattern(kind, pattern, problems).match('anything')).toBeNull();
  return problems;
}

const matches = (kind: ReplyRuleKind, pattern: string, text: string) =>
  compiled(kind, pattern).match(text) !== null;

describe('compilePattern for keyword', () => {
  it.each([
    'hours',
    'HOURS',
    '  Hours!! ',
    '"hours"',
    '“hours?”',
    'ｈｏｕｒｓ',
    'opening  hours',
    'Opening\nHours.',
    'hours🙂',
    '👋🏽 Hours ❤️',
    'ho\u200burs\ufe0f',
    `${'\u200b'.repeat(5001)}hours`,
  ])('matches the whole message, as in %p', (text) => {
    expect(matches('keyword', 'Hours, opening hours', text)).toBe(true);
  });

  it.each(['hours please', 'openinghours', 'hour', '', '!!'])('does not match %p', (text) => {
    expect(matches('keyword', 'hours, opening hours', text)).toBe(false);
  });

  it('supports punctuation and emoji', () => {
    expect(matches('keyword', '?, 👍', '?')).toBe(true);
    expect(matches('keyword', '?, 👍', '👍!')).toBe(true);
    expect(matches('keyword', '?, 👍', '!')).toBe(false);
  });

  it('rejects a missing or too long pattern', () => {
    const problem = 'pattern must be a text of 1 to 500 characters when kind is keyword';
    expect(problemsOf('keyword', null)).toEqual([problem]);
    expect(problemsOf('keyword', ' ')).toEqual([problem]);
    expect(problemsOf('keyword', 'a'.repeat(501))).toEqual([problem]);
    expect(matches('keyword', 'a'.repeat(500), 'a'.repeat(500))).toBe(true);
  });

  it('rejects an empty entry of a list', () => {
    const problems: string[] = [];
    compilePattern('keyword', 'hours,,open', problems);
    expect(problems).toEqual(['pattern has a comma with nothing before or after it']);
  });
});

describe('compilePattern for prefix', () => {
  it.each(['order 17', 'ORDER: 17', ' order', 'Order\n17', 'where is   my parcel?'])('matches %p', (text) => {
    expect(matches('prefix', 'order, where is my', text)).toBe(true);
  });

  it.each(['orders', 'order17', 'my order', 'orde', 'orderé', ''])('does not match %p', (text) => {
    expect(matches('prefix', 'order, where is my', text)).toBe(false);
  });

  it('needs no word boundary after punctuation', () => {
    expect(matches('prefix', '#', '#17')).toBe(true);
  });
});

describe('compilePattern for regex', () => {
  it('matches anywhere, in any case, and returns its groups by number and by name', () => {
    const pattern = compiled('regex', 'order (?P<number>\\d+)(x)?');
    expect(pattern.groups).toEqual(['0', '1', '2', 'number']);
    expect([...pattern.match('my ORDER 17, please')!]).toEqual([
      ['0', 'ORDER 17'],
      ['1', '17'],
      ['2', ''],
      ['number', '17'],
    ]);
    expect(pattern.match('my order')).toBeNull();
  });

  it.each([
    ['(', 'pattern is not a valid regular expression: error parsing regexp: missing closing ): `(`'],
    [
      'a{1001}',
      'pattern is not a valid regular expression: error parsing regexp: invalid repeat count: `{1001}`',
    ],
    [
      '(?=a)',
      'pattern is not a valid regular expression: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
    ],
    ['(a{500}){2}b', 'pattern is too large: make its repetition counts, like {1,500}, smaller'],
  ])('rejects %p with the reason', (pattern, problem) => {
    expect(problemsOf('regex', pattern)).toEqual([problem]);
  });
});

describe('compilePattern for default', () => {
  it('matches any text, and rejects a pattern', () => {
    expect(compiled('default', null).match('')).not.toBeNull();
    const problems: string[] = [];
    compilePattern('default', 'x', problems);
    expect(problems).toEqual(['pattern must be absent when kind is default: it answers any message']);
  });
});

describe('compilePattern, with a hostile text', () => {
  const LONG = 100_000;

  it.each<[kind: ReplyRuleKind, pattern: string, text: string]>([
    ['regex', '(a+)+$', `${'a'.repeat(LONG)}!`],
    ['regex', '(a|aa|a?)*(b|c)$', 'a'.repeat(LONG)],
    ['regex', '(.*)(.*)(.*)(.*)=(.*)', 'a'.repeat(LONG)],
    ['keyword', 'hours', `${'!'.repeat(LONG)}x${'!'.repeat(LONG)}x`],
    ['keyword', 'hours', `x${' .'.repeat(LONG)}x`],
    ['keyword', 'hours', `x${'\u0315\u0300'.repeat(LONG)}`],
    ['prefix', 'hours', `hours${' '.repeat(LONG)}x${' '.repeat(LONG)}x`],
  ])('takes linear time for a %s like %p', (kind, pattern, text) => {
    const compiledPattern = compiled(kind, pattern);
    const started = performance.now();
    compiledPattern.match(text);
    // Backtracking, or quadratic time, would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
