import { randomUUID } from 'node:crypto';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import {
  InvalidReplyRuleError,
  ReplyRuleNameTakenError,
  ReplyRuleNotFoundError,
} from '../../src/replies/rules/reply-rule-errors.js';
import type { NewReplyRule } from '../../src/replies/rules/reply-rule.js';
import { ReplyRules } from '../../src/replies/rules/reply-rules.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { openRulesDataSource } from './rules-data-source.js';

const OFFICE = { timeZone: 'Europe/Paris', days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' };
const HOURS: NewReplyRule = { name: 'Hours', kind: 'keyword', pattern: 'hours', template: 'From 8 to 6' };

describe('ReplyRules', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let rules: ReplyRules;

  beforeAll(async () => {
    database = await createTestDatabase();
    ({ dataSource } = await openRulesDataSource(database));
    rules = new ReplyRules(new PostackDatabase(dataSource));
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  beforeEach(() => database.query('TRUNCATE postack.reply_rule'));

  it('stores a rule with every default, and finds it by id', async () => {
    const rule = await rules.create(HOURS);
    expect(rule).toEqual({
      ...{ id: expect.any(String), name: 'Hours', enabled: true, priority: 0, ownNumber: null },
      ...{ kind: 'keyword', pattern: 'hours', activeHours: null, template: 'From 8 to 6' },
      ...{ createdAt: expect.any(Date), updatedAt: expect.any(Date) },
    });
    expect(await rules.find(rule.id)).toEqual(rule);
    expect(await rules.find(randomUUID())).toBeNull();
    expect(await rules.find('nonsense')).toBeNull();
  });

  it('normalizes own numbers', async () => {
    const rule = await rules.create({ ...HOURS, ownNumber: '+1 (555) 010-0002' });
    expect(rule.ownNumber).toBe('+15550100002');
  });

  it('lists rules in the order of evaluation', async () => {
    const add = (name: string, kind: NewReplyRule['kind'], priority = 0) =>
      rules.create({ name, kind, priority, pattern: kind === 'default' ? null : 'x', template: 'x' });
    await add('default, highest', 'default', 1000);
    await add('regex', 'regex');
    await add('prefix', 'prefix');
    await add('keyword b', 'keyword');
    await add('keyword a', 'keyword');
    await add('regex, high', 'regex', 1);
    await add('keyword, low', 'keyword', -1);
    expect((await rules.list()).map(({ name }) => name)).toEqual([
      ...['regex, high', 'keyword a', 'keyword b', 'prefix', 'regex', 'keyword, low', 'default, highest'],
    ]);
  });

  it('changes the given properties only', async () => {
    const before = await rules.create({ ...HOURS, activeHours: OFFICE, ownNumber: '+15550100002' });
    await database.query(`UPDATE postack.reply_rule SET updated_at = now() - interval '1 hour'`);
    const changes = { priority: 5, activeHours: null, template: undefined };
    const after = await rules.update(before.id, changes);
    expect(after).toMatchObject({ ...HOURS, priority: 5, activeHours: null, ownNumber: '+15550100002' });
    expect(after.createdAt).toEqual(before.createdAt);
    expect(after.updatedAt.getTime()).toBeGreaterThanOrEqual(before.updatedAt.getTime());
    expect(await rules.find(before.id)).toEqual(after);
    const other = await rules.update(before.id, { activeHours: OFFICE });
    expect(other.activeHours).toEqual(OFFICE);
  });

  it('keeps both of two concurrent changes', async () => {
    const { id } = await rules.create(HOURS);
    await Promise.all([rules.update(id, { priority: 7 }), rules.update(id, { template: 'Closed' })]);
    expect(await rules.find(id)).toMatchObject({ priority: 7, template: 'Closed' });
  });

  it('disables, enables and removes a rule', async () => {
    const { id } = await rules.create(HOURS);
    expect(await rules.setEnabled(id, false)).toMatchObject({ enabled: false });
    expect(await rules.setEnabled(id, true)).toMatchObject({ enabled: true });
    await rules.remove(id);
    expect(await rules.list()).toEqual([]);
  });

  it.each([randomUUID(), 'nonsense'])('does not find a rule with the id %p', async (id) => {
    await expect(rules.update(id, { priority: 1 })).rejects.toThrow(ReplyRuleNotFoundError);
    await expect(rules.setEnabled(id, true)).rejects.toThrow(ReplyRuleNotFoundError);
    await expect(rules.remove(id)).rejects.toThrow(ReplyRuleNotFoundError);
  });

  it('rejects a duplicate name', async () => {
    await rules.create(HOURS);
    const { id } = await rules.create({ ...HOURS, name: 'Other' });
    await expect(rules.create(HOURS)).rejects.toThrow(ReplyRuleNameTakenError);
    await expect(rules.update(id, { name: 'Hours' })).rejects.toThrow(ReplyRuleNameTakenError);
    expect(await rules.update(id, { name: 'Other' })).toMatchObject({ name: 'Other' });
  });

  it('lists every problem of an invalid rule', async () => {
    const invalid: NewReplyRule = {
      ...{ name: ' ', priority: 0.5, ownNumber: '+1 me', kind: 'regex', pattern: '(' },
      ...{ activeHours: { ...OFFICE, timeZone: 'Mars' }, template: '{{unknown}}{{match.1}}' },
    };
    const failure = await rules.create(invalid).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidReplyRuleError);
    expect((failure as InvalidReplyRuleError).problems).toEqual([
      'name must be a text of 1 to 100 characters',
      'priority must be a whole number from -1000 to 1000',
      'ownNumber must be one of your numbers, like +15550100002',
      'pattern is not a valid regular expression: error parsing regexp: missing closing ): `(`',
      'template: unknown name "unknown" at 0; known: from, to, text, messageId, occurredAt',
      'template: unknown name "match.1" at 11; known: from, to, text, messageId, occurredAt',
      'activeHours.timeZone must be an IANA time zone, like America/New_York',
    ]);
    expect(await rules.list()).toEqual([]);
  });

  it('rejects a change that would make a rule invalid, and keeps the rule', async () => {
    const rule = await rules.create({ ...HOURS, kind: 'regex', pattern: '(\\d+)', template: '{{match.1}}' });
    await expect(rules.update(rule.id, { kind: 'keyword' })).rejects.toThrow(InvalidReplyRuleError);
    await expect(rules.update(rule.id, { kind: 'default' })).rejects.toThrow(
      'pattern must be absent when kind is default',
    );
    await expect(rules.update(rule.id, { pattern: null })).rejects.toThrow(InvalidReplyRuleError);
    expect(await rules.find(rule.id)).toEqual(rule);
  });
});
