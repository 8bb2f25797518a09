import { RE2JS, RE2JSException } from 're2js';
import { bareText, foldedText } from './folded-text.js';
import type { ReplyRuleKind } from './reply-rule.js';

/** The matched groups of a `regex` by number and by name; empty for other kinds. */
export type MatchedGroups = ReadonlyMap<string, string>;

/** A compiled pattern. */
export interface RulePattern {
  /** Names and numbers of the groups. */
  groups: readonly string[];
  /** `null` when the text does not match. */
  match(text: string): MatchedGroups | null;
}

const MAX_LENGTH = 500;

/** Limits the matching time, which grows with program size times text length; repetition counts make programs large. */
const MAX_PROGRAM_SIZE = 1000;

const NO_GROUPS: MatchedGroups = new Map();
const NOTHING: RulePattern = { groups: [], match: () => null };
const WORD_AT_END = /[\p{L}\p{M}\p{N}_]$/u;
const WORD_AT_START = /^[\p{L}\p{M}\p{N}_]/u;

/**
 * Compiles a rule's pattern.
 *
 * @param problems Receives a line for each problem; do not use the result when there are any.
 */
export function compilePattern(kind: ReplyRuleKind, pattern: string | null, problems: string[]): RulePattern {
  if (kind === 'default') {
    if (pattern !== null)
      problems.push('pattern must be absent when kind is default: it answers any message');
    return { groups: [], match: () => NO_GROUPS };
  }
  if (pattern === null || !/\S/.test(pattern) || pattern.length > MAX_LENGTH) {
    problems.push(`pattern must be a text of 1 to ${MAX_LENGTH} characters when kind is ${kind}`);
    return NOTHING;
  }
  switch (kind) {
    case 'keyword':
      return compileKeywords(pattern, problems);
    case 'prefix':
      return compilePrefixes(pattern, problems);
    case 'regex':
      return compileRegex(pattern, problems);
  }
}

function compileKeywords(pattern: string, problems: string[]): RulePattern {
  const keywords = new Set(listOf(pattern, bareText, problems));
  return { groups: [], match: (text) => (keywords.has(bareText(text)) ? NO_GROUPS : null) };
}

function compilePrefixes(pattern: string, problems: string[]): RulePattern {
  const prefixes = listOf(pattern, foldedText, problems);
  return {
    groups: [],
    match: (text) => {
      const folded = foldedText(text);
      return prefixes.some((prefix) => beginsWith(folded, prefix)) ? NO_GROUPS : null;
    },
  };
}

/** The entries of a comma-separated list, normalized by `fold`. */
function listOf(pattern: string, fold: (text: string) => string, problems: string[]): string[] {
  const entries = pattern.split(',').map(fold);
  if (entries.includes('')) problems.push('pattern has a comma with nothing before or after it');
  return entries;
}

function beginsWith(text: string, prefix: string): boolean {
  if (!text.startsWith(prefix)) return false;
  return !(WORD_AT_END.test(prefix) && WORD_AT_START.test(text.slice(prefix.length)));
}

function compileRegex(pattern: string, problems: string[]): RulePattern {
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    // The library prefixes the pattern with the flag.
    problems.push(`pattern is not a valid regular expression: ${error.message.replace('(?i)', '')}`);
    return NOTHING;
  }
  if (regex.programSize() > MAX_PROGRAM_SIZE) {
    problems.push('pattern is too large: make its repetition counts, like {1,500}, smaller');
    return NOTHING;
  }
  const numbers = Array.from({ length: regex.groupCount() + 1 }, (_, number) => number);
  const groups = new Map<string, number>([
    ...numbers.map((number): [string, number] => [String(number), number]),
    ...Object.entries(regex.namedGroups()),
  ]);
  return {
    groups: [...groups.keys()],
    match: (text) => {
      const matcher = regex.matcher(text);
      if (!matcher.find()) return null;
      return new Map([...groups].map(([name, number]) => [name, matcher.group(number) ?? '']));
    },
  };
}
