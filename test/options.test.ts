import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../src/errors/configuration-error.js';
import { InboxOptions } from '../src/inbox/inbox.options.js';
import { JobsOptions } from '../src/jobs/jobs.options.js';
import { type PostackModuleOptions, resolveOptions } from '../src/postack.options.js';
import { RetentionOptions } from '../src/retention/retention.options.js';
import { WebhookOptions } from '../src/webhook/webhook.options.js';

const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;

function problemsOf(options: unknown): readonly string[] {
  try {
    resolveOptions(options as PostackModuleOptions);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('resolveOptions', () => {
  it('need only a secret', () => {
    const options = resolveOptions({ secret });
    const webhook = options.get(WebhookOptions) as WebhookOptions;
    expect(webhook).toMatchObject({
      path: '/api/v1/webhooks',
      timestampToleranceMs: 300_000,
      bodyLimitBytes: 262_144,
    });
    expect(webhook.routes).toEqual([
      { name: 'default', path: '/api/v1/webhooks', secrets: [expect.anything()] },
    ]);
    expect(options.get(InboxOptions)).toMatchObject({ endpoint: 'default' });
    expect(options.get(JobsOptions)).toMatchObject({ role: 'all' });
  });

  it('take several secrets, newest first', () => {
    const second = `whsec_${Buffer.alloc(64, 2).toString('base64')}`;
    expect(new WebhookOptions({ secret: [secret, ` ${second}\n`] }).routes[0]?.secrets).toHaveLength(2);
  });

  it('need no secret where nothing is received', () => {
    const work = resolveOptions({ secret: undefined, role: 'work' }).get(WebhookOptions);
    expect(work).toMatchObject({ routes: [] });
    expect(() => resolveOptions({ secret: 'whsec_AAAA', role: 'work' })).toThrow('holds 24 to 64 bytes');
  });

  it.each<[string, unknown, RegExp]>([
    ['no secret', { secret: undefined }, /"secret" is missing: set it to the signing secret/],
    ['an empty list', { secret: [] }, /"secret" is missing/],
    ['a secret without prefix', { secret: 'abc' }, /"secret": a webhook secret starts with "whsec_"/],
    ['a short secret', { secret: 'whsec_AAAA' }, /holds 24 to 64 bytes; this one holds 3/],
    ['one wrong secret of two', { secret: [secret, 'whsec_!'] }, /"secret" number 2: .* must be base64/],
    ['a path without slash', { secret, path: 'webhooks' }, /"path" must look like/],
    ['a path with a parameter', { secret, path: '/hooks/:id' }, /"path" must look like/],
    ['an empty endpoint', { secret, endpoint: '' }, /"endpoint" must not be empty/],
    ['no tolerance', { secret, timestampToleranceMs: 0 }, /"timestampToleranceMs" must be a whole number/],
    [
      'a text for a number',
      { secret, bodyLimitBytes: '1mb' },
      /"bodyLimitBytes" must be a whole number of bytes/,
    ],
    ['an unknown role', { secret, role: 'both' }, /"role" must be all, accept or work/],
    [
      'an unknown reaction to failures',
      { secret, failures: { reactions: { carrier: ['pray'] } } },
      /"failures.reactions" must be lists of resend, suppress, suppress-permanently, alert/,
    ],
    [
      'half a cause of failures',
      { secret, failures: { catalogue: { 30410: { causeClass: 'carrier' } } } },
      /"failures.catalogue" must have a causeClass, a meaning/,
    ],
    [
      'a wait before sending again that is none',
      { secret, failures: { resendDelaysMs: [-1] } },
      /"failures.resendDelaysMs" must be at most 10 numbers/,
    ],
    [
      'messages that expire at once',
      { secret, failures: { expireAfterHours: 0 } },
      /"failures.expireAfterHours" must be a whole number of hours/,
    ],
    [
      'a webhook of alerts without its secret',
      { secret, alerts: { webhook: { url: 'https://example.com/', secret: '' } } },
      /"alerts.webhook.secret": a webhook secret starts with "whsec_"/,
    ],
    [
      'a webhook of alerts to nowhere',
      { secret, alerts: { webhook: { url: 'example.com', secret } } },
      /"alerts.webhook.url" must look like https:/,
    ],
    [
      'a webhook of alerts with a password',
      { secret, alerts: { webhook: { url: 'https://me:pass@example.com/', secret } } },
      /"alerts.webhook.url" must look like https:.*without a user or password/,
    ],
    [
      'a silence of no time',
      { secret, alerts: { silenceMinutes: 0 } },
      /"alerts.silenceMinutes" must be a whole number of minutes, from 1 to 10080/,
    ],
    [
      'bodies kept for no time',
      { secret, retention: { payloadDays: 0 } },
      /"retention.payloadDays" must be a number of days, from 1 to 36500/,
    ],
    [
      'a text for days',
      { secret, retention: { eventDays: '90' } },
      /"retention.eventDays" must be a number of days/,
    ],
    [
      'no number of days',
      { secret, retention: { payloadDays: NaN } },
      /"retention.payloadDays" must be a number/,
    ],
    [
      'endless days',
      { secret, retention: { eventDays: Infinity } },
      /"retention.eventDays" must be a number of days/,
    ],
    [
      'ids that go before their bodies',
      { secret, retention: { payloadDays: 60, eventDays: 45 } },
      /"retention.eventDays" \(45\) must not be less than "retention.payloadDays" \(60\)/,
    ],
    [
      'reports that are a text',
      { secret, reports: 'yes' },
      /"reports" must be true, false or an object of options/,
    ],
    [
      'an unknown option of reports',
      { secret, reports: { price: {} } },
      /"reports.price" is not an option; there is prices/,
    ],
    [
      'prices without a currency',
      { secret, reports: { prices: { perSegment: { DE: 0.07 } } } },
      /"reports.prices.currency" must be an ISO 4217 code, such as EUR/,
    ],
    [
      'prices that are a list',
      { secret, reports: { prices: { currency: 'EUR', perSegment: [0.07] } } },
      /"reports.prices.perSegment" must be an object of prices/,
    ],
    [
      'a destination that is too long',
      { secret, reports: { prices: { currency: 'EUR', perSegment: { '+491701234': 0.07 } } } },
      /"reports.prices.perSegment": "\+491701234" must be a country code, such as DE, or a prefix, such as \+4917, with 7 digits/,
    ],
    [
      'a price that is a text',
      { secret, reports: { prices: { currency: 'EUR', perSegment: { DE: '0.07' } } } },
      /"reports.prices.perSegment": the price of "DE" must be a number, at least 0/,
    ],
    [
      'an option of an older version',
      { secret, maxWaitingAccepts: 10 },
      /"maxWaitingAccepts" is not an option; there are .*maxPendingWrites/,
    ],
    [
      'a misspelt option of a group',
      { secret, replies: { optOut: { scopes: 'all' } } },
      /"replies.optOut.scopes" is not an option; there are confirmations, keywords, scope, texts/,
    ],
    [
      'a text for a group of options',
      { secret, replies: { loopGuard: 'off' } },
      /"replies.loopGuard" must be an object of options/,
    ],
    ['a schema name that SQL would change', { secret, jobsSchema: 'Jobs' }, /"jobsSchema" must be/],
  ])('refuse %s', (_what, options, message) => {
    const problems = problemsOf(options);
    expect(problems).not.toHaveLength(0);
    expect(problems.join('\n')).toMatch(message);
    expect(problems.join('\n')).not.toContain(secret);
  });

  it.each([
    [undefined, { payloadDays: 30, eventDays: 90 }],
    [{}, { payloadDays: 30, eventDays: 90 }],
    [{ payloadDays: 1.5 }, { payloadDays: 1.5, eventDays: 90 }],
    [{ payloadDays: 365 }, { payloadDays: 365, eventDays: 365 }],
    [
      { payloadDays: 2, eventDays: 2 },
      { payloadDays: 2, eventDays: 2 },
    ],
    [false, false],
  ] as const)('make of the retention %j %j', (retention, resolved) => {
    const options = resolveOptions({ secret, retention }).get(RetentionOptions);
    expect(options).toEqual({ retention: resolved });
  });

  it('tell of everything that is wrong at once', () => {
    expect(problemsOf({ secret, path: 'x', role: 'x', pollIntervalMs: 0 }).length).toBeGreaterThanOrEqual(3);
  });
});
