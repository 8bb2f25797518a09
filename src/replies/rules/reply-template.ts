import mustache from 'mustache';

/** A template ready for use. */
export interface ReplyTemplate {
  /** @param values By the names that the template was checked for. */
  render(values: ReadonlyMap<string, string>): string;
}

const MAX_LENGTH = 2000;

/** As `mustache.Writer.parse` documents them. */
type Token = [type: string, value: string, start: number, end: number, children?: Token[]];

/**
 * Makes a template ready for use: variables, `{{#name}}…{{/name}}` when there is such a value, `{{^name}}…{{/name}}`
 * when there is none, and comments.
 *
 * @param names All that may stand in it.
 * @param problems Gets a line for each thing that is wrong.
 */
export function compileTemplate(
  template: string,
  names: readonly string[],
  problems: string[],
): ReplyTemplate {
  // One each: a writer keeps every template that it has parsed.
  const writer = new mustache.Writer();
  if (!/\S/.test(template) || template.length > MAX_LENGTH) {
    problems.push(`template must be a text of 1 to ${MAX_LENGTH} characters`);
  } else {
    try {
      problems.push(...problemsWithTokens(writer.parse(template) as Token[], names));
    } catch (error) {
      problems.push(`template: ${(error as Error).message}`);
    }
  }
  return {
    render: (values) =>
      writer.render(template, new Values(values), undefined, { escape: (value) => String(value) }),
  };
}

function problemsWithTokens(tokens: readonly Token[], names: readonly string[]): string[] {
  return tokens.flatMap(([type, value, start, , children]) => {
    if (type === 'text' || type === '!') return [];
    if (type === '>' || type === '=') {
      return [`template: {{${type} at ${start}: it has neither partials nor other delimiters`];
    }
    const inner = Array.isArray(children) ? problemsWithTokens(children, names) : [];
    if (names.includes(value)) return inner;
    return [`template: unknown name "${value}" at ${start}; known: ${names.join(', ')}`, ...inner];
  });
}

/** Knows the given names, and nothing of what JavaScript values have besides: `match.length` would be a number. */
class Values extends mustache.Context {
  constructor(private readonly values: ReadonlyMap<string, string>) {
    super({});
  }

  override lookup(name: string): string | undefined {
    return this.values.get(name);
  }

  override push(): this {
    return this;
  }
}
