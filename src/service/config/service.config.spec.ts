import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../errors/configuration-error.js';
import { readSetting } from './environment.js';
import { ServiceConfig } from './service.config.js';

const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const OLD_SECRET = `whsec_${Buffer.alloc(64, 2).toString('base64')}`;
const ADMIN_KEY = 'k'.repeat(16);
const REMOTE = {
  DATABASE_URL: 'postgres://user:pass@db.example/postack',
  POSTACK_WEBHOOK_SECRET: SECRET,
  POSTACK_ADMIN_KEY: ADMIN_KEY,
};

function settingsIn(environment: Record<string, string>): object {
  return Object.fromEntries(Object.entries(new ServiceConfig(environment)));
}

/** The problems that the constructor reports. */
function problemsWith(environment: Record<string, string>): readonly string[] {
  try {
    new ServiceConfig(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('the settings of the service', () => {
  it('all have defaults that need nothing but this machine', () => {
    expect(settingsIn({})).toEqual({
      port: 3000,
      host: undefined,
      databaseUrl: undefined,
      dataDir: '.postack',
      httpAdapter: 'express',
      role: 'all',
      webhookSecrets: [],
      webhookPath: undefined,
      adminKey: undefined,
      logLevel: 'log',
      retention: { payloadDays: 30, eventDays: 90 },
      api: undefined,
      replies: { ownNumbers: [], optOut: { scope: 'all', confirmations: 'local' } },
      alerts: {},
      reports: { prices: null },
      file: {},
      warnings: [],
    });
  });

  it('are read from the environment, ignoring surrounding spaces', () => {
    const settings = settingsIn({
      ...REMOTE,
      PORT: ' 8080 ',
      HOST: '127.0.0.1\n',
      POSTACK_DATA_DIR: '/data',
      POSTACK_HTTP_ADAPTER: 'fastify',
      POSTACK_ROLE: 'accept',
      POSTACK_WEBHOOK_PATH: '/hooks/postack',
      POSTACK_LOG_LEVEL: 'debug',
      POSTACK_RETENTION_PAYLOAD_DAYS: '7.5',
      POSTACK_RETENTION_EVENT_DAYS: '36500',
      POSTACK_API_KEY: 'an-api-key',
      POSTACK_API_URL: 'http://127.0.0.1:4000/v1',
      POSTACK_API_REQUESTS_PER_SECOND: '25',
      POSTACK_OWN_NUMBERS: '+15550100002, +15550100003',
      POSTACK_OPT_OUT_SCOPE: 'number',
      POSTACK_OPT_OUT_CONFIRMATIONS: 'provider',
      POSTACK_REPORT_PRICES: 'EUR DE=0.07, +4917=0.08 FR=0',
      POSTACK_ALERT_WEBHOOK_URL: 'http://127.0.0.1:5000/alerts',
      POSTACK_ALERT_WEBHOOK_SECRET: SECRET,
    });
    expect(settings).toEqual({
      port: 8080,
      host: '127.0.0.1',
      databaseUrl: REMOTE.DATABASE_URL,
      dataDir: '/data',
      httpAdapter: 'fastify',
      role: 'accept',
      webhookSecrets: [SECRET],
      webhookPath: '/hooks/postack',
      adminKey: ADMIN_KEY,
      logLevel: 'debug',
      retention: { payloadDays: 7.5, eventDays: 36_500 },
      api: { apiKey: 'an-api-key', baseUrl: 'http://127.0.0.1:4000/v1', requestsPerSecond: 25 },
      replies: {
        ownNumbers: ['+15550100002', '+15550100003'],
        optOut: { scope: 'number', confirmations: 'provider' },
      },
      reports: { prices: { currency: 'EUR', perSegment: { DE: 0.07, '+4917': 0.08, FR: 0 } } },
      alerts: { webhook: { url: 'http://127.0.0.1:5000/alerts', secret: SECRET } },
      file: {},
      warnings: [],
    });
  });

  it('for the webhook of alerts belong together', () => {
    expect(problemsWith({ POSTACK_ALERT_WEBHOOK_URL: 'https://example.com/alerts' })).toEqual([
      expect.stringContaining('POSTACK_ALERT_WEBHOOK_SECRET: a webhook secret starts with "whsec_"'),
    ]);
    for (const url of ['example.com', 'ftp://example.com/', '']) {
      expect(problemsWith({ POSTACK_ALERT_WEBHOOK_URL: url, POSTACK_ALERT_WEBHOOK_SECRET: SECRET })).toEqual([
        'POSTACK_ALERT_WEBHOOK_URL must look like https://example.com/alerts',
      ]);
    }
  });

  it('that are empty count as not set', () => {
    const empty = Object.fromEntries(
      ['PORT', 'HOST', 'DATABASE_URL', 'POSTACK_HTTP_ADAPTER', 'POSTACK_ROLE', 'POSTACK_ADMIN_KEY_FILE'].map(
        (name) => [name, ' '],
      ),
    );
    expect(settingsIn(empty)).toEqual(settingsIn({}));
  });

  it.each([
    [
      'PORT',
      ['-1', '65536', '80.5', '0x50', 'http', '1e3'],
      'PORT must be a whole number from 0 to 65535 (0: any free port)',
    ],
    ['POSTACK_HTTP_ADAPTER', ['koa', 'Express'], 'POSTACK_HTTP_ADAPTER must be express or fastify'],
    ['POSTACK_ROLE', ['worker', 'ALL'], 'POSTACK_ROLE must be all, accept or work'],
    [
      'POSTACK_LOG_LEVEL',
      ['info', 'silent'],
      'POSTACK_LOG_LEVEL must be one of error, warn, log, debug, verbose',
    ],
    [
      'POSTACK_RETENTION_PAYLOAD_DAYS',
      ['0', '0.5', '-1', '30d', '1e2', '36501'],
      'POSTACK_RETENTION_PAYLOAD_DAYS must be a number of days, from 1 to 36500',
    ],
    [
      'POSTACK_RETENTION_EVENT_DAYS',
      ['29'],
      'POSTACK_RETENTION_EVENT_DAYS (29) must not be less than POSTACK_RETENTION_PAYLOAD_DAYS (30): ' +
        'without its id, an event is not kept at all',
    ],
    [
      'POSTACK_WEBHOOK_PATH',
      ['hooks', '/', '/hooks/', '/hooks/:id', '/hooks?a=b', '/a b'],
      'POSTACK_WEBHOOK_PATH must look like /api/v1/webhooks: no parameters, no query, no trailing slash',
    ],
    ['POSTACK_OPT_OUT_SCOPE', ['none', 'ALL'], 'POSTACK_OPT_OUT_SCOPE must be all or number'],
    [
      'POSTACK_OPT_OUT_CONFIRMATIONS',
      ['on', 'true'],
      'POSTACK_OPT_OUT_CONFIRMATIONS must be local, provider or off',
    ],
    ['POSTACK_ADMIN_KEY', ['short', 'k'.repeat(15)], 'POSTACK_ADMIN_KEY must have at least 16 characters'],
    [
      'POSTACK_ADMIN_KEY',
      ['a passphrase of many words', 'schlüssel-mit-umlaut'],
      'POSTACK_ADMIN_KEY must be ASCII without spaces: it travels in an HTTP header',
    ],
  ])('%s with a wrong value is rejected by name, with the rule', (name, values, problem) => {
    for (const value of values) expect([value, problemsWith({ [name]: value })]).toEqual([value, [problem]]);
  });

  it.each([
    [
      'POSTACK_API_REQUESTS_PER_SECOND',
      ['0', '1001', '2.5', 'ten'],
      'POSTACK_API_REQUESTS_PER_SECOND must be a whole number from 1 to 1000',
    ],
    [
      'POSTACK_API_URL',
      [
        'postack',
        'ftp://api.postack.dev/v1',
        'https://user:pass@api.postack.dev/v1',
        'https://api.postack.dev/v1?a=b',
      ],
      'POSTACK_API_URL must look like https://api.postack.dev/v1',
    ],
    ['POSTACK_API_KEY', ['two words', 'schlüssel'], 'POSTACK_API_KEY must be ASCII without spaces'],
  ])('%s with a wrong value is rejected by name, if there is an API key', (name, values, problem) => {
    for (const value of values) {
      expect([value, problemsWith({ POSTACK_API_KEY: 'an-api-key', [name]: value })]).toEqual([
        value,
        [problem],
      ]);
    }
  });

  it('that are wrong are all named at once', () => {
    expect(
      problemsWith({ PORT: 'x', POSTACK_HTTP_ADAPTER: 'x', POSTACK_ROLE: 'x', POSTACK_LOG_LEVEL: 'x' }),
    ).toHaveLength(4);
  });

  it('with unknown names and our prefix are reported', () => {
    const { warnings } = new ServiceConfig({
      POSTACK_ADMIN_KEYS: 'x',
      POSTACK_ROLE_FILE: 'x',
      POSTACK_API_KEY: 'x',
      POSTACK_API_URL: 'http://x',
      OTHER_ADMIN_KEY: 'x',
    });
    expect(warnings).toEqual([
      'POSTACK_ADMIN_KEYS is not a setting of this service; ignored. Check the spelling',
      'POSTACK_ROLE_FILE is not a setting of this service; ignored. Check the spelling',
    ]);
  });

  it('with a former name are reported with the new one, and not honoured', () => {
    const { warnings, httpAdapter, retention } = new ServiceConfig({
      HTTP_ADAPTER: 'fastify',
      POSTACK_RETENTION_BODY_DAYS: '7',
      POSTACK_RETENTION_ID_DAYS: '8',
    });
    expect(warnings).toEqual([
      'HTTP_ADAPTER is now POSTACK_HTTP_ADAPTER; the old name is ignored',
      'POSTACK_RETENTION_BODY_DAYS is now POSTACK_RETENTION_PAYLOAD_DAYS; the old name is ignored',
      'POSTACK_RETENTION_ID_DAYS is now POSTACK_RETENTION_EVENT_DAYS; the old name is ignored',
    ]);
    expect({ httpAdapter, retention }).toEqual({
      httpAdapter: 'express',
      retention: { payloadDays: 30, eventDays: 90 },
    });
  });
});

describe('POSTACK_WEBHOOK_SECRET', () => {
  it.each([' ', ',', ', ', '\n', ' ,\n'])(
    'holds several secrets, newest first, separated by %j',
    (separator) => {
      const { webhookSecrets } = new ServiceConfig({
        POSTACK_WEBHOOK_SECRET: `${SECRET}${separator}${OLD_SECRET}${separator}`,
      });
      expect(webhookSecrets).toEqual([SECRET, OLD_SECRET]);
    },
  );

  it('is rejected with the position of the wrong secret, and without printing it', () => {
    const short = `whsec_${Buffer.alloc(23, 3).toString('base64')}`;
    const [first, second, ...more] = problemsWith({
      POSTACK_WEBHOOK_SECRET: `${short}, ${SECRET}, plain-text`,
    });
    expect(first).toBe(
      'POSTACK_WEBHOOK_SECRET, secret number 1: a webhook secret holds 24 to 64 bytes; this one holds 23',
    );
    expect(second).toMatch(/^POSTACK_WEBHOOK_SECRET, secret number 3: a webhook secret starts with "whsec_"/);
    expect(more).toEqual([]);
    expect(`${first}${second}`).not.toContain('plain-text');
  });

  it('is needed, and an admin key too, with a database of its own', () => {
    const { DATABASE_URL } = REMOTE;
    const [secret, key, ...more] = problemsWith({ DATABASE_URL });
    expect(secret).toMatch(/^DATABASE_URL is set, but POSTACK_WEBHOOK_SECRET is not: set it to /);
    expect(key).toMatch(
      /^DATABASE_URL is set, but POSTACK_ADMIN_KEY is not: set it to .*openssl rand -hex 32/,
    );
    expect(more).toEqual([]);
    expect(problemsWith({ DATABASE_URL, POSTACK_ADMIN_KEY: ADMIN_KEY })).toEqual([secret]);
    expect(problemsWith(REMOTE)).toEqual([]);
  });
});

describe('a setting in a file of its own', () => {
  let directory: string;
  const file = (content: string) => {
    const path = join(directory, `setting-${content.length}`);
    writeFileSync(path, content);
    return path;
  };

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'nestjs-postack-config-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it('is read from there, without the line end', () => {
    const config = new ServiceConfig({
      DATABASE_URL_FILE: file(`${REMOTE.DATABASE_URL}\n`),
      POSTACK_WEBHOOK_SECRET_FILE: file(`${SECRET}\n${OLD_SECRET}\n`),
      POSTACK_ADMIN_KEY_FILE: file(`${ADMIN_KEY}\r\n`),
      POSTACK_API_KEY_FILE: file('an-api-key\n'),
    });
    expect(config).toMatchObject({
      databaseUrl: REMOTE.DATABASE_URL,
      webhookSecrets: [SECRET, OLD_SECRET],
      adminKey: ADMIN_KEY,
      api: { apiKey: 'an-api-key' },
      warnings: [],
    });
  });

  it.each(['DATABASE_URL', 'POSTACK_WEBHOOK_SECRET', 'POSTACK_ADMIN_KEY', 'POSTACK_API_KEY'])(
    'that is missing, empty or also set directly is rejected by name: %s',
    (name) => {
      const missing = join(directory, 'missing');
      expect(problemsWith({ [`${name}_FILE`]: missing })).toEqual([
        expect.stringMatching(new RegExp(`^${name}_FILE: cannot read ${missing} \\(ENOENT: .*\\)$`)),
      ]);
      const empty = file(' \n');
      expect(problemsWith({ [`${name}_FILE`]: empty })).toEqual([`${name}_FILE: ${empty} is empty`]);
      expect(problemsWith({ [name]: 'x', [`${name}_FILE`]: empty })).toEqual([
        `${name} and ${name}_FILE are both set: unset one of them`,
      ]);
    },
  );

  it('can be read by itself', () => {
    const environment = { POSTACK_API_KEY_FILE: file('an api key\n'), PORT: ' 1 ' };
    expect(readSetting(environment, 'POSTACK_API_KEY')).toBe('an api key');
    expect(readSetting(environment, 'PORT')).toBe('1');
    expect(readSetting(environment, 'POSTACK_ROLE')).toBeUndefined();
  });
});
