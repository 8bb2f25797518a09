import { describe, expect, it } from '@jest/globals';
import { compileTemplate } from './reply-template.js';

const NAMES = ['from', 'text', 'match.1', 'match.name', 'match.length'];

function problemsOf(template: string): string[] {
  const problems: string[] = [];
  compileTemplate(template, NAMES, problems);
  return problems;
}

function render(template: string, values: Record<string, string>): string {
  const problems: string[] = [];
  const compiled = compileTemplate(template, NAMES, problems);
  expect(problems).toEqual([]);
  return compiled.render(new Map(Object.entries(values)));
}

describe('compileTemplate', () => {
  it('fills in values without escaping', () => {
    expect(
      render('{{from}}: <{{text}}> & {{{match.1}}}{{&text}}', { from: 'A', text: `"<'/>`, 'match.1': '&' }),
    ).toBe(`A: <"<'/>> & &"<'/>`);
  });

  it('renders names without a value as nothing', () => {
    expect(render('a{{match.1}}b', {})).toBe('ab');
  });

  it('supports sections for present and absent values', () => {
    const template =
      '{{#match.name}}Hi {{match.name}}{{/match.name}}{{^match.name}}Hi{{/match.name}}{{! greets }}';
    expect(render(template, { 'match.name': 'Ann' })).toBe('Hi Ann');
    expect(render(template, { 'match.name': '' })).toBe('Hi');
  });

  it('finds the given values only, and no properties of JavaScript objects', () => {
    expect(render('{{#text}}{{match.name}}{{match.length}}{{/text}}', { text: 'x' })).toBe('');
    expect(problemsOf('{{constructor}}{{__proto__}}{{text.length}}')).toHaveLength(3);
  });

  it.each(['{{from}}', '{{{from}}}', '{{#from}}x{{/from}}', '{{=<% %>=}}<% from %>', '{{> from}}', '{{'])(
    'never interprets a value like %p as a template',
    (text) => {
      expect(render('You wrote: {{text}}{{#text}}{{/text}}', { text, from: 'secret' })).toBe(
        `You wrote: ${text}`,
      );
    },
  );

  it('lists every unknown name, and the known ones', () => {
    const known = 'known: from, text, match.1, match.name, match.length';
    expect(problemsOf('Hi {{name}}, {{#match.2}}{{.}}{{/match.2}}{{^from}}{{}}{{/from}}')).toEqual([
      `template: unknown name "name" at 3; ${known}`,
      `template: unknown name "match.2" at 13; ${known}`,
      `template: unknown name "." at 25; ${known}`,
      `template: unknown name "" at 51; ${known}`,
    ]);
  });

  it.each([
    ['Hi {{from', 'template: Unclosed tag at 9'],
    ['Hi {{#from}}', 'template: Unclosed section "from" at 12'],
    ['Hi {{/from}}', 'template: Unopened section "from" at 3'],
    ['Hi {{> from}}', 'template: {{> at 3: partials and other delimiters are not supported'],
    ['Hi {{=<% %>=}}', 'template: {{= at 3: partials and other delimiters are not supported'],
    [' \n', 'template must be a text of 1 to 2000 characters'],
    ['a'.repeat(2001), 'template must be a text of 1 to 2000 characters'],
  ])('rejects %p with the reason', (template, problem) => {
    expect(problemsOf(template)).toEqual([problem]);
  });
});
