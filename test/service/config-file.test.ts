import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';
import { parse } from 'yaml';
import { ConfigurationError } from '../../src/errors/configuration-error.js';
import { EventParser } from '../../src/events/event-parser.js';
import { EventsOptions } from '../../src/events/events.options.js';
import { readConfigFile } from '../../src/service/config/config-file.js';
import { ServiceConfig } from '../../src/service/config/service.config.js';
import { signWebhook } from '../../src/testing/index.js';
import { TEST_SECRET } from '../support/test-application.js';
import { startTestService } from '../support/test-service.js';
import { toMatchFile } from '../support/to-match-file.js';
import { waitUntil } from '../support/wait-until.js';
import { PROVIDER_SHAPES } from './provider-shapes.js';

const SCHEMA = 'src/service/config/config.schema.json';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'postack-config-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function file(content: string, name = 'postack.yaml'): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function problemsIn(content: string): Promise<string> {
  const path = await file(content);
  try {
    readConfigFile(path);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return '';
}

describe('the configuration file', () => {
  it.each(PROVIDER_SHAPES)('maps a shape: $name', async ({ config, bodies }) => {
    const parser = new EventParser(new EventsOptions(readConfigFile(await file(config))));
    const receivedAt = new Date('2026-01-02T03:04:05Z');
    for (const { body, expected } of bodies) {
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const inspected = parser.inspect(bytes);
      if (!inspected.ok) throw new Error(inspected.reason);
      const { wireType, occurredAt } = inspected;
      const envelope = { id: 'msg_1', endpoint: 'default', wireType, receivedAt };
      expect(parser.parse({ ...envelope, occurredAt: occurredAt ?? receivedAt }, bytes)).toMatchObject(
        expected,
      );
    }
  });

  it('has the shapes of the options, in YAML and in JSON', async () => {
    const options = {
      payload: { to: ['to.0.phone_number', 'to'] },
      eventTypes: { 'sms.inbound': 'message.received' },
      listeners: { 'failures.react': false, 'replies.auto': { concurrency: 2 } },
      replies: {
        ownNumbers: ['+15550100002'],
        optOut: { keywords: { stop: ['STOP', 'BASTA'] }, texts: { stop: 'Bye.' } },
      },
      failures: { reactions: { carrier: ['alert'] }, suppressDays: 5 },
      reports: { prices: { currency: 'EUR', perSegment: { DE: 0.07 } } },
    };
    const json = JSON.stringify({ $schema: './config.schema.json', ...options });
    const config = new ServiceConfig({
      POSTACK_CONFIG: await file(json, 'postack.json'),
      POSTACK_OWN_NUMBERS: '+15550100003',
      POSTACK_OPT_OUT_SCOPE: 'number',
    });
    const { replies, reports, ...others } = options;
    expect(config.file).toEqual(others);
    expect(config.reports).toEqual(reports);
    expect(config.replies).toEqual({
      ownNumbers: ['+15550100003', '+15550100002'],
      optOut: { scope: 'number', confirmations: 'local', ...replies.optOut },
    });
    expect(readConfigFile(await file(''))).toEqual({});
  });

  it.each([
    [
      'payload: { sender: from }',
      /Configuration file .*postack.yaml: "payload.sender" is not a field; there are type, /,
    ],
    [
      'eventTypes: { x: message.arrived }',
      /"eventTypes": "x" must be one of message.received, .* or ignored/,
    ],
    ['eventRules: [{ when: { a: 1 }, type: x }]', /"eventRules\[0\].type" must be one of/],
    [
      'replies: { optOut: { keywords: { stop: [] } } }',
      /"replies.optOut.keywords.stop" must be a list of words/,
    ],
    ['replies: { optOut: 5 }', /"replies.optOut" must be an object of options/],
    ['failures: none', /"failures" must be an object of options/],
    ['failures: { reactions: { carrier: [call] } }', /"failures.reactions" must be lists of resend, /],
    ['reports: { price: 5 }', /"reports.price" is not an option; there is prices/],
    [
      'secret: whsec_1',
      /"secret" is not an option of the file; there are defaultEventType, endpoints, eventRules, /,
    ],
    ['- payload', /it must be an object of options/],
    ['payload:\n  from: [a', /at line 2, column 11/],
    ['payload: {}\npayload: {}', /Map keys must be unique at line 2/],
  ])('is refused with the place of the mistake: %j', async (content, problem) => {
    expect(await problemsIn(content)).toMatch(problem);
  });

  it('must be readable', () => {
    const POSTACK_CONFIG = join(directory, 'none.yaml');
    expect(() => new ServiceConfig({ POSTACK_CONFIG })).toThrow(
      /POSTACK_CONFIG names the file .*none.yaml, which cannot be read: ENOENT/,
    );
  });

  it('makes the service understand other events', async () => {
    const { config, bodies } = PROVIDER_SHAPES[1]!;
    const service = await startTestService({ POSTACK_CONFIG: await file(config) });
    try {
      for (const { body } of bodies) await service.post(body);
      const found = await waitUntil(
        async () => {
          const { body } = await service.get<{ items: object[] }>('/api/v1/messages');
          return body.items.length === 2 ? body.items : undefined;
        },
        { what: () => '2 messages' },
      );
      expect(found).toContainEqual(expect.objectContaining({ id: 'a-1', direction: 'inbound' }));
      expect(found).toContainEqual(
        expect.objectContaining({ id: 'a-2', state: 'undelivered', errorCode: '40300' }),
      );
      const { body } = await service.get<{ items: object[] }>('/api/v1/opt-outs');
      expect(body.items).toMatchObject([{ peer: '+15550107001', optedOut: true }]);
    } finally {
      await service.close();
    }
  });
});

describe('the endpoints of the configuration file', () => {
  const TWO = `endpoints:
  - { name: sales, path: /hooks/sales, secretVariable: SALES_SECRET }
  - { name: support, path: /hooks/support, secretVariable: SUPPORT_SECRET }`;
  const otherSecret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

  it('are received at, each with the secret in its variable', async () => {
    const service = await startTestService({
      POSTACK_WEBHOOK_SECRET: '',
      POSTACK_CONFIG: await file(TWO),
      SALES_SECRET: otherSecret,
      SUPPORT_SECRET: `${otherSecret} ${TEST_SECRET}`,
    });
    try {
      const statusOf = async (path: string) => {
        const { headers, body } = signWebhook({
          secret: TEST_SECRET,
          body: { type: 'message.sent', data: {} },
        });
        return (await fetch(`${service.running.origin}${path}`, { method: 'POST', headers, body })).status;
      };
      expect(await statusOf('/hooks/support')).toBe(204);
      expect(await statusOf('/hooks/sales')).toBe(401);
      expect(await statusOf('/api/v1/webhooks')).toBe(404);
      const { body } = await service.get<{ items: object[] }>('/api/v1/events?endpoint=support');
      expect(body.items).toHaveLength(1);
    } finally {
      await service.close();
    }
  });

  it('stand in place of the settings', async () => {
    const environment = { POSTACK_CONFIG: await file(TWO), POSTACK_WEBHOOK_SECRET: TEST_SECRET };
    expect(() => new ServiceConfig(environment)).toThrow(
      /has "endpoints", which stand in place of POSTACK_WEBHOOK_SECRET and POSTACK_WEBHOOK_PATH/,
    );
  });

  it.each([
    ['endpoints: sales', /"endpoints" must be a list/],
    [
      'endpoints: [{ name: sales, path: /sales }]',
      /number 1: "secretVariable" must be the name of an environment/,
    ],
    ['endpoints: [{ name: sales, path: sales, secretVariable: S }]', /number 1: "path" must look like/],
  ])('are checked: %s', async (content, message) => {
    expect(await problemsIn(content)).toMatch(message);
  });
});

describe('the JSON Schema of the configuration file', () => {
  it('is generated from its type', async () => {
    const generator = createGenerator({
      ...{ path: 'src/service/config/config-file.ts', tsconfig: 'tsconfig.json', type: 'ConfigFile' },
      ...{ skipTypeCheck: true, expose: 'none', topRef: false, additionalProperties: false },
    });
    await toMatchFile(`${JSON.stringify(generator.createSchema('ConfigFile'), null, 2)}\n`, SCHEMA);
  });

  it('accepts what the service accepts', async () => {
    const schema = JSON.parse(await readFile(SCHEMA, 'utf8')) as object;
    const validate = new Ajv({ strict: false }).compile(schema);
    for (const { config } of PROVIDER_SHAPES) {
      expect([validate(parse(config)), validate.errors]).toEqual([true, null]);
    }
    expect(validate({ payload: { sender: 'from' } })).toBe(false);
    expect(validate({ eventTypes: { x: 'message.arrived' } })).toBe(false);
    expect(validate({ failures: { reactions: { carrier: ['call'] } } })).toBe(false);
  });
});
