import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { tableName } from '../database/table-name.js';
import { MessageEntity } from '../messages/message.entity.js';
import { conversationOf, numberFacts } from '../messages/number-facts.js';
import type { KeywordMatcher } from './keyword-matcher.js';
import { lockPeers, type OptOutEntry } from './opt-out-record.js';

/**
 * Opt-ins that followed opt-outs which are recorded only now: they were not recorded in their time, since their customers
 * were not opted out.
 *
 * @param ownNumbers Customers may have written to any of them.
 */
export async function laterOptIns(
  optOuts: readonly OptOutEntry[],
  ownNumbers: readonly string[],
  matcher: KeywordMatcher,
  manager: EntityManager,
): Promise<OptOutEntry[]> {
  // Otherwise an opt-in that is being recorded now might neither see the opt-out nor be seen.
  await lockPeers([...new Set(optOuts.map(({ peer }) => peer))], manager);
  const endpointOf = new Map(optOuts.map(({ peer, endpoint }) => [peer, endpoint]));
  const conversations = new Map<string, { peer: string; ownNumber: string }>();
  for (const peer of endpointOf.keys()) {
    for (const ownNumber of ownNumbers) {
      const [own, other] = [numberFacts(ownNumber), numberFacts(peer)];
      if (own && other) conversations.set(conversationOf(own, other), { peer, ownNumber });
    }
  }
  const since = new Date(Math.min(...optOuts.map(({ occurredAt }) => occurredAt.getTime())));
  const messages: (Pick<MessageEntity, 'conversation' | 'text' | 'history'> & { at: Date })[] = await runSql(
    manager,
    `SELECT conversation, text, history, first_event_at AS at FROM ${tableName(manager, MessageEntity)}
       WHERE conversation = ANY ($1::bigint[]) AND direction = 'inbound' AND first_event_at > $2
       ORDER BY first_event_at`,
    [[...conversations.keys()], since.toISOString()],
  );
  return messages.flatMap(({ conversation, text, history, at: occurredAt }) => {
    const match = matcher.classify(text ?? '');
    const numbers = conversations.get(conversation ?? '');
    if (match?.kind !== 'start' || !numbers) return [];
    const { peer, ownNumber } = numbers;
    return {
      ...{ peer, ownNumber, action: 'opt-in', source: 'message', keyword: match.keyword, occurredAt },
      ...{ endpoint: endpointOf.get(peer) ?? null, eventId: history[0]?.eventId ?? null },
      ...{ reason: null, receivedAt: null },
    };
  });
}
