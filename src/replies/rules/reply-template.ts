import mustache from 'mustache';

/** A checked template. */
export interface ReplyTemplate {
  /** @param values By name. */
  render(values: ReadonlyMap<string, string>): string;
}

const MAX_LENGTH = 2000;

/** As documented for `mustache.Writer.parse`. */
type Token = [type: string, value: string, start: number, end: number, children?: Token[]];

/**
 * Checks a template. It may contain variables, `{{#name}}…{{/name}}` for when there is a value, `{{^name}}…{{/name}}` for
 * when there is none, and comments.
 *
 * @param names The names that the template may use.
 * @param problems Receives a line for each problem.
 */
export function compileTemplate(
  template: string,
  names: readonly string[],
  problems: string[],
): ReplyTemplate {
  // One writer per template, because a writer caches every template that it has parsed.
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
      return [`template: {{${type} at ${start}: partials and other delimiters are not supported`];
    }
    const inner = Array.isArray(children) ? problemsWithTokens(children, names) : [];
    if (names.includes(value)) return inner;
    return [`template: unknown name "${value}" at ${start}; known: ${names.join(', ')}`, ...inner];
  });
}

/** Looks up the given names only: mustache would also find properties of JavaScript values, such as `match.length`. */
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
