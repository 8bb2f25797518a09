import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigurationError } from '../../errors/configuration-error.js';
import type { EventTypeName } from '../../events/event-types.js';
import { isJsonObject } from '../../events/json.js';
import type { PayloadPaths } from '../../events/payload-mapping.js';
import type { RuleValue } from '../../events/event-rules.js';
import type { FailuresOptions } from '../../failures/failures.options.js';
import type { ListenerOptions } from '../../listeners/handler-metadata.js';
import type { OptOutOptionsInput } from '../../opt-outs/opt-outs.options.js';
import { resolveOptions } from '../../postack.options.js';
import type { SegmentPrices } from '../../reports/reports.options.js';

/** An endpoint of the service. */
export interface EndpointSection {
  /** Its name here: letters, digits, `_`, `-` and `.`, at most 80. Events know it; it must not change later. */
  name: string;
  /** The path of its route. */
  path: string;
  /** The environment variable that its signing secret is in, or several during a rotation, as POSTACK_WEBHOOK_SECRET. */
  secretVariable: string;
}

/** The configuration file of the service: the options of the module that are more than a number or a word. */
export interface ConfigFile {
  /** For editors. Not read. */
  $schema?: string;
  /**
   * Several endpoints, for example of two Postack accounts: then POSTACK_WEBHOOK_SECRET and POSTACK_WEBHOOK_PATH are left out.
   */
  endpoints?: EndpointSection[];
  /** Where each field is found in the payload: a path or a list of them; each entry replaces its default. */
  payload?: PayloadPaths;
  /** Wire types beyond the known ones, or other names for those. */
  eventTypes?: Record<string, EventTypeName>;
  /** What an event is taken for by more than its type. The first rule that holds decides, before `eventTypes`. */
  eventRules?: {
    when: Record<string, RuleValue | RuleValue[]>;
    type: EventTypeName;
    payload?: PayloadPaths;
  }[];
  /** What all other events are taken for: only where inbound messages have no type at all. */
  defaultEventType?: EventTypeName;
  /** Settings of single listeners, by name; `false` switches one off. */
  listeners?: Record<string, ListenerOptions | false>;
  replies?: {
    /** Whether the stored reply rules answer. */
    rules?: boolean;
    /** Your own numbers, besides those that messages have come in on. */
    ownNumbers?: string[];
    /** Words and texts of STOP, START and HELP. */
    optOut?: Pick<OptOutOptionsInput, 'keywords' | 'texts'>;
  };
  /** How messages that do not arrive are classified, and what is done about them. */
  failures?: Partial<FailuresOptions>;
  /** Whether reports are computed, and what a segment of an outbound message costs. */
  reports?: boolean | { prices?: SegmentPrices };
}

const SECTIONS = [
  'endpoints',
  ...['payload', 'eventTypes', 'eventRules', 'defaultEventType', 'listeners', 'replies', 'failures'],
  'reports',
];

/**
 * Reads a configuration file, in YAML or JSON, and checks it.
 *
 * @throws {ConfigurationError} naming what is wrong, by its path in the file.
 */
export function readConfigFile(path: string): ConfigFile {
  const subject = `Configuration file ${path}`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError('Environment', [
      `POSTACK_CONFIG names the file ${path}, which cannot be read: ${(error as Error).message}`,
    ]);
  }
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    throw new ConfigurationError(
      subject,
      document.errors.map(({ message }) => message.trim()),
    );
  }
  const content: unknown = document.toJS() ?? {};
  if (!isJsonObject(content)) throw new ConfigurationError(subject, ['it must be an object of options']);
  const { $schema: _schema, ...options } = content;
  const problems = Object.keys(options)
    .filter((name) => !SECTIONS.includes(name))
    .map((name) => `"${name}" is not an option of the file; there are ${SECTIONS.toSorted().join(', ')}`);
  if (problems.length > 0) throw new ConfigurationError(subject, problems);
  try {
    const { endpoints, ...others } = options;
    const withSecrets = Array.isArray(endpoints) ? endpoints.map(withPlaceholder) : endpoints;
    resolveOptions(
      endpoints === undefined
        ? { secret: PLACEHOLDER, ...others }
        : { ...others, endpoints: withSecrets as never },
    );
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(subject, error.problems);
  }
  return options;
}

/** A secret of the right form: the file has none. */
const PLACEHOLDER = `whsec_${'A'.repeat(32)}`;

/** An endpoint as the module takes it. @throws {ConfigurationError} without a variable. */
function withPlaceholder(endpoint: unknown, index: number): unknown {
  if (!isJsonObject(endpoint)) return endpoint;
  const { secretVariable, ...others } = endpoint as Record<string, unknown>;
  if (typeof secretVariable === 'string' && /^\w+$/.test(secretVariable))
    return { ...others, secret: PLACEHOLDER };
  throw new ConfigurationError('', [
    `"endpoints" number ${index + 1}: "secretVariable" must be the name of an environment variable`,
  ]);
}
