import type { Type } from '@nestjs/common';
import { AlertsOptions, type AlertsOptionsInput } from './alerts/alerts.options.js';
import { DispatchOptions } from './dispatch/dispatch.options.js';
import { ConfigurationError, validationProblems } from './errors/configuration-error.js';
import { isJsonObject } from './events/json.js';
import { EventsOptions, type EventsOptionsInput } from './events/events.options.js';
import { FailuresOptions } from './failures/failures.options.js';
import { InboxOptions } from './inbox/inbox.options.js';
import { JobsOptions, type JobsOptionsInput } from './jobs/jobs.options.js';
import { ListenersOptions } from './listeners/listeners.options.js';
import { MessagesOptions } from './messages/messages.options.js';
import { OptOutOptions } from './opt-outs/opt-outs.options.js';
import { OutboxOptions } from './outbox/outbox.options.js';
import { PostackApiOptions, type PostackApiOptionsInput } from './postack-api/postack-api.options.js';
import { AUTO_REPLIES } from './replies/auto-replies.listener.js';
import { RepliesOptions, type RepliesOptionsInput } from './replies/replies.options.js';
import { ReportsOptions, type ReportsOptionsInput } from './reports/reports.options.js';
import { RetentionOptions, type RetentionOptionsInput } from './retention/retention.options.js';
import { WebhookOptions, type WebhookOptionsInput } from './webhook/webhook.options.js';

/**
 * Options of `PostackModule.forRoot`. Only `secret`, or `endpoints`, is required. Each is documented in the `*.options.ts` file of its
 * feature.
 */
interface FeatureOptions
  extends
    WebhookOptionsInput,
    Partial<InboxOptions>,
    EventsOptionsInput,
    Partial<ListenersOptions>,
    Partial<DispatchOptions>,
    JobsOptionsInput,
    PostackApiOptionsInput,
    ReportsOptionsInput,
    RetentionOptionsInput {
  /** How customers are answered, and when they are not. */
  replies?: RepliesOptionsInput;
  /** How messages that do not arrive are classified, and what is done about them. */
  failures?: Partial<FailuresOptions>;
  /** When an alert is raised, and where it is posted. */
  alerts?: AlertsOptionsInput;
}

/** What an unset variable may leave undefined; then it fails at startup. To forget it is a compile-time error. */
type Endpoints = { secret: WebhookOptions['secret'] } | { endpoints: WebhookOptions['endpoints'] };

export type PostackModuleOptions = FeatureOptions & Endpoints;

/** The options of every feature, by class: what the core module provides. */
export type ResolvedOptions = ReadonlyMap<Type, object>;

/**
 * Fills in the defaults and checks every option.
 *
 * @throws {ConfigurationError} naming every option that is wrong or unknown.
 */
export function resolveOptions(given: PostackModuleOptions): ResolvedOptions {
  const { replies, failures, alerts, ...rest } = {
    ...given,
    ...objectsIn(given, ['replies', 'failures', 'alerts'], ''),
  };
  const { optOut, ...replyRest } = { ...replies, ...objectsIn(replies, ['optOut'], 'replies.') };
  const api = new PostackApiOptions(rest);
  const listeners = new ListenersOptions(rest);
  // Without access to Postack, replies could not be sent.
  if (!api.api) listeners.listeners = { ...listeners.listeners, [AUTO_REPLIES]: false };
  const groups: [path: string, given: object, options: object[]][] = [
    [
      '',
      rest,
      [
        new WebhookOptions(rest, rest.role !== 'work', rest.endpoint),
        new InboxOptions(rest),
        new EventsOptions(rest),
        listeners,
        new DispatchOptions(rest),
        new JobsOptions(rest),
        api,
        new ReportsOptions(rest),
        new RetentionOptions(rest),
      ],
    ],
    [
      'replies.',
      replyRest,
      [new MessagesOptions(replyRest), new OutboxOptions(replyRest), new RepliesOptions(replyRest)],
    ],
    ['replies.optOut.', optOut, [new OptOutOptions(optOut)]],
    ['failures.', failures, [new FailuresOptions(failures)]],
    ['alerts.', alerts, [new AlertsOptions(alerts)]],
  ];
  const all = groups.flatMap(([, , options]) => options);
  const problems = [
    ...groups.flatMap(([path, values, options]) => unknownOptions(path, values, options)),
    ...all.flatMap(validationProblems),
  ];
  if (problems.length > 0) throw new ConfigurationError('PostackModule options', problems);
  return new Map(all.map((options) => [options.constructor as Type, options]));
}

/** The nested options of these names; those that are not given are empty. @throws {ConfigurationError} */
function objectsIn<Options extends object, Name extends keyof Options & string>(
  given: Options,
  names: readonly Name[],
  path: string,
): { [Key in Name]: NonNullable<Options[Key]> } {
  const problems = names
    .filter((name) => !isJsonObject(given[name] ?? {}))
    .map((name) => `"${path}${name}" must be an object of options`);
  if (problems.length > 0) throw new ConfigurationError('PostackModule options', problems);
  const objects = names.map((name) => [name, given[name] ?? {}]);
  return Object.fromEntries(objects) as { [Key in Name]: NonNullable<Options[Key]> };
}

/** A misspelt option, or one of an older version, would otherwise be ignored. */
function unknownOptions(path: string, given: object, options: readonly object[]): string[] {
  const known = new Set(options.flatMap((one) => Object.keys(one)));
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  return unknown.map(
    (name) => `"${path}${name}" is not an option; there are ${[...known].sort().join(', ')}`,
  );
}

/** The classes of `resolveOptions`; each is the injection token of its own options. */
export const OPTION_CLASSES: readonly Type[] = [
  WebhookOptions,
  InboxOptions,
  EventsOptions,
  ListenersOptions,
  DispatchOptions,
  JobsOptions,
  PostackApiOptions,
  ReportsOptions,
  RetentionOptions,
  MessagesOptions,
  OptOutOptions,
  OutboxOptions,
  RepliesOptions,
  FailuresOptions,
  AlertsOptions,
];
