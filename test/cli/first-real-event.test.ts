import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { WireFormatReport } from '../../src/index.js';
import { REINTERPRET, ServiceProcesses, WIRE_FORMAT } from '../support/service-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startTestService, TEST_ADMIN_KEY, type TestService } from '../support/test-service.js';
import { waitUntil } from '../support/wait-until.js';

const OWN = '+15550105000';
const CUSTOMER = '+15550107001';

const INBOUND = {
  event: 'sms.inbound',
  data: {
    payload: {
      id: 'a-1',
      from: { phone_number: CUSTOMER },
      to: [{ phone_number: OWN }],
      text: 'STOP',
      '+15550199999': 'a secret',
    },
  },
};

const REPORT = {
  event: 'message.finalized',
  data: {
    payload: {
      id: 'a-2',
      from: { phone_number: OWN },
      to: [{ phone_number: CUSTOMER, status: 'delivered' }],
    },
  },
};

describe('the first real events, which look otherwise than expected', () => {
  const processes = new ServiceProcesses();
  let database: TestDatabase;
  let service: TestService;
  let directory: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'postack-first-'));
    service = await startTestService({}, database);
    for (const body of [INBOUND, REPORT, REPORT]) await service.post(body);
    await service.post({
      type: 'message.received',
      data: { id: 'a-3', from: CUSTOMER, to: OWN, message: 'Hi' },
    });
  });
  afterAll(async () => {
    await service.close();
    await processes.clear();
    await database.drop();
    await rm(directory, { recursive: true });
  });

  async function run(program: string, args: string[] = []) {
    const command = processes.run(
      [program, '--url', service.running.origin, ...args],
      await processes.directory(),
      { POSTACK_ADMIN_KEY: TEST_ADMIN_KEY },
    );
    return { exit: await command.exit, stdout: command.stdout, stderr: command.stderr };
  }

  it('are described without a value of theirs, with what they were taken for', async () => {
    const handled = () => service.get<WireFormatReport>('/api/v1/wire-format');
    const { body } = await waitUntil(
      async () => {
        const report = await handled();
        return report.body.types.some(({ takenFor }) => 'pending' in takenFor) ? undefined : report;
      },
      { what: () => 'all is dispatched' },
    );
    expect(body.undecided).toEqual({ quarantined: 3, unhandled: 0 });
    expect(body.types).toMatchObject([
      { type: null, count: 3, takenFor: { quarantined: 3 }, shapes: [{ examined: 2 }, { examined: 1 }] },
      { type: 'message.received', count: 1, takenFor: { 'message.received': 1 } },
    ]);
    const [shape] = body.types[1]!.shapes;
    expect(shape).toMatchObject({
      readAs: { 'message.received': 1 },
      fields: { messageId: 1, from: 1, text: 0 },
      paths: { type: ['string'], 'data.message': ['string'] },
    });
    expect(JSON.stringify(body)).not.toMatch(/1555010|secret|"Hi"|STOP/);
    expect((await service.get('/api/v1/wire-format?since=x')).status).toBe(400);
  });

  it('are printed by a command, with a configuration that can be pasted, and made good by another', async () => {
    const printed = await run(WIRE_FORMAT);
    expect(printed).toMatchObject({ exit: 0, stderr: '' });
    expect(printed.stdout).toContain('Waiting for a decision: 3 quarantined and 0 unhandled events.');
    expect(printed.stdout).toContain('reads 0 % of the examined\nevents completely, this one 100 %.');
    const configuration = printed.stdout.slice(printed.stdout.indexOf('payload:'));
    expect(parse(configuration)).toMatchObject({ eventTypes: { 'sms.inbound': 'message.received' } });
    const file = join(directory, 'postack.yaml');
    await writeFile(file, configuration);

    await service.close();
    service = await startTestService({ POSTACK_CONFIG: file }, database);
    expect(await run(REINTERPRET, ['--dry-run'])).toEqual({
      ...{ exit: 0, stdout: '4 events match, of which 4 are read otherwise now\n', stderr: '' },
    });
    const reinterpreted = await run(REINTERPRET, ['--listener', '*']);
    expect(reinterpreted.stdout).toMatch(
      /^4 events match, of which 4 are read otherwise now\n(.*\n)*done: 4 of 4\n$/,
    );
    expect((await service.get('/api/v1/opt-outs')).body).toMatchObject({ items: [{ peer: CUSTOMER }] });
    const { items } = (await service.get<{ items: { id: string; state: string }[] }>('/api/v1/messages'))
      .body;
    expect(items.map(({ id, state }) => `${id} ${state}`).sort()).toEqual([
      ...['a-1 received', 'a-2 delivered', 'a-3 received'],
    ]);
    expect((await run(WIRE_FORMAT)).stdout).toContain('There is no mapping to suggest.');
  });

  it.each([
    [['--rate', 'fast'], /ratePerSecond must be a whole number/],
    [['--listener', 'nobody'], /There is no listener with the name/],
    [['--status', 'odd'], /status must be one of/],
  ])('are not read again with %j', async (args, message) => {
    expect(await run(REINTERPRET, args)).toMatchObject({ exit: 1, stderr: expect.stringMatching(message) });
  });

  it.each([WIRE_FORMAT, REINTERPRET])('have a command that explains itself', async (program) => {
    expect(await run(program, ['--help'])).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^Usage: npm run/),
    });
    expect(await run(program, ['--unknown'])).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('Usage: npm run'),
    });
  });

  it('can be discarded', async () => {
    await service.post('no event');
    const discard = (body: object) => service.send('/api/v1/events/discard', body);
    expect(await discard({ status: 'quarantined' })).toMatchObject({ status: 400 });
    expect(await discard({ status: 'done', reason: 'a test' })).toMatchObject({ status: 400 });
    expect((await discard({ reason: 'a test', dryRun: true })).body).toEqual({ matched: 1, discarded: 0 });
    expect((await discard({ reason: 'a test' })).body).toEqual({ matched: 1, discarded: 1 });
  });
});
