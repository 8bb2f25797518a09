import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { Logger } from '@nestjs/common';
import type { NewReplyRule } from '../../src/replies/rules/reply-rule.js';
import { ReplyRules } from '../../src/replies/rules/reply-rules.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { openRulesDataSource } from './rules-data-source.js';

const OWN = '+15550100002';
const CUSTOMER = '+15550100001';
const message = (text: string) => ({ from: CUSTOMER, to: OWN, text });

describe('ReplyRules, answering', () => {
  let database: TestDatabase;
  let source: Awaited<ReturnType<typeof openRulesDataSource>>;
  let rules: ReplyRules;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await openRulesDataSource(database);
  });
  afterAll(async () => {
    await source.dataSource.destroy();
    await database.drop();
  });
  beforeEach(async () => {
    await database.query('TRUNCATE postack.reply_rule');
    rules = new ReplyRules(new PostackDatabase(source.dataSource));
  });

  const keyword = (name: string, more: Partial<NewReplyRule> = {}) =>
    rules.create({ name, kind: 'keyword', pattern: 'hours', template: name, ...more });

  it('fills in the message and its groups, without interpreting what the customer wrote', async () => {
    await rules.create({
      ...{ name: 'Order', kind: 'regex', pattern: 'order (?P<number>\\S+)' },
      template: '{{match.number}}/{{match.1}} <{{from}}> {{to}} {{messageId}} {{occurredAt}} {{text}}',
    });
    const answer = await rules.answer({
      ...message('ORDER {{from}}&'),
      messageId: 'SM1',
      at: new Date('2026-01-05T12:00:00Z'),
    });
    expect(answer?.rule.name).toBe('Order');
    expect(answer?.text).toBe(
      `{{from}}&/{{from}}& <${CUSTOMER}> ${OWN} SM1 2026-01-05T12:00:00.000Z ORDER {{from}}&`,
    );
    expect(await rules.answer(message('hello'))).toBeNull();
  });

  it('answers by default rules only when no other rule answers, or when only they are evaluated', async () => {
    await rules.create({ name: 'any', kind: 'default', priority: 1000, template: 'any' });
    await keyword('hours', { priority: -1000 });
    expect((await rules.answer(message('hours')))?.text).toBe('hours');
    expect((await rules.answer(message('hello')))?.text).toBe('any');
    expect((await rules.answer(message('hours'), 'default'))?.text).toBe('any');
    expect(await rules.answer(message('hello'), 'other')).toBeNull();
  });

  it('explains why each other rule does not answer', async () => {
    const winter = { timeZone: 'Europe/Paris', days: [1], from: '08:00', to: '09:00' };
    await keyword('off', { enabled: false, priority: 5 });
    await keyword('elsewhere', { ownNumber: '+15550100009', priority: 4 });
    await keyword('closed', { activeHours: winter, priority: 3 });
    await keyword('no', { pattern: 'address', priority: 2 });
    const yes = await keyword('yes', { ownNumber: OWN, priority: 1 });
    await keyword('later');
    await rules.create({ name: 'any', kind: 'default', template: 'any' });
    const at = new Date('2026-01-05T12:00:00Z');
    const { answer, others } = await rules.explain({ ...message('hours'), to: '+1 555 010 0002', at });
    expect(answer).toEqual({ rule: yes, text: 'yes' });
    expect(others.map(({ name, reason }) => [name, reason])).toEqual([
      ['off', 'disabled'],
      ['elsewhere', 'other number'],
      ['closed', 'outside its hours'],
      ['no', 'does not match'],
      ['later', 'a higher rule answers'],
      ['any', 'a higher rule answers'],
    ]);
    const open = await rules.explain({ ...message('hours'), at: new Date('2026-01-05T07:30:00Z') });
    expect(open.answer?.rule.name).toBe('closed');
  });

  it('applies a change immediately in the process that makes it', async () => {
    const { id } = await keyword('hours');
    expect((await rules.answer(message('hours')))?.text).toBe('hours');
    await rules.update(id, { template: 'changed' });
    expect((await rules.answer(message('hours')))?.text).toBe('changed');
    await rules.setEnabled(id, false);
    expect(await rules.answer(message('hours'))).toBeNull();
    await rules.setEnabled(id, true);
    await rules.remove(id);
    expect(await rules.answer(message('hours'))).toBeNull();
  });

  it('applies a change of another process within two seconds', async () => {
    const other = await openRulesDataSource(database);
    try {
      const { id } = await keyword('hours');
      expect((await rules.answer(message('hours')))?.text).toBe('hours');
      await new ReplyRules(new PostackDatabase(other.dataSource)).update(id, { template: 'changed' });
      await waitUntil(
        async () => ((await rules.answer(message('hours')))?.text === 'changed' ? true : undefined),
        { what: () => 'the changed answer', timeoutMs: 2000 },
      );
    } finally {
      await other.dataSource.destroy();
    }
  });

  it('reads the rules at most once per second, however many messages arrive', async () => {
    await keyword('hours');
    const fresh = new ReplyRules(new PostackDatabase(source.dataSource));
    const before = source.counter.count;
    const started = performance.now();
    for (let i = 0; i < 100; i += 1) {
      await Promise.all(Array.from({ length: 10 }, () => fresh.answer(message('hours'))));
    }
    const seconds = (performance.now() - started) / 1000;
    expect(source.counter.count - before).toBeGreaterThan(0);
    expect(source.counter.count - before).toBeLessThanOrEqual(1 + Math.floor(seconds));
  });

  it('ignores an invalid rule that was stored by other means, and logs it', async () => {
    const logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    try {
      await database.query(
        `INSERT INTO postack.reply_rule (id, name, priority, kind, pattern, template)
         VALUES (gen_random_uuid(), 'broken', 9, 'regex', '(', 'x')`,
      );
      await keyword('hours');
      const { answer, others } = await rules.explain(message('hours'));
      expect(answer?.text).toBe('hours');
      expect(others).toEqual([{ id: expect.any(String), name: 'broken', reason: 'invalid' }]);
      await rules.answer(message('hours'));
      expect(logger.lines).toEqual([
        expect.stringMatching(
          /^Reply rule \S+ is invalid and ignored: pattern is not a valid regular expression/,
        ),
      ]);
    } finally {
      Logger.overrideLogger(false);
    }
  });
});
