/**
 * The life of an SMS, in order. `received` is the one state of an inbound message. A later state takes
 * precedence over an earlier one, whatever the order of the reports; `delivered`, `undelivered`, `failed` and
 * `expired` are terminal, and `read` follows `delivered`.
 */
export const DELIVERY_STATES = [
  'received',
  'accepted',
  'queued',
  'sending',
  'sent',
  'expired',
  'failed',
  'undelivered',
  'delivered',
  'read',
] as const;

/** One of `DELIVERY_STATES`. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** States of an outbound message that another one follows. */
export const UNSETTLED_STATES = [
  'accepted',
  'queued',
  'sending',
  'sent',
] as const satisfies readonly DeliveryState[];

/** Whether another state is expected. */
export function isUnsettled(state: DeliveryState): boolean {
  return (UNSETTLED_STATES as readonly DeliveryState[]).includes(state);
}

/** Whether it is certain that a message did not arrive: there is such a report, and none that it did arrive. */
export function isCertainlyLost({ state, history }: Pick<DeliveryRecord, 'state' | 'history'>): boolean {
  return (state === 'failed' || state === 'undelivered') && !hasArrivalReport(history);
}

/** Whether any report says that a message arrived, whatever the others say. */
export function hasArrivalReport(history: readonly DeliveryFact[]): boolean {
  return history.some(({ state }) => state === 'delivered' || state === 'read');
}

/** One thing that happened to a message, with the event that reported it. */
export interface DeliveryFact {
  state: DeliveryState;
  /** When it happened, ISO 8601 UTC. */
  at: string;
  /**
   * The `svix-id` of the event that reported it; `outbox`, `lookup` (requested from Postack) or `assumed` without
   * one.
   */
  eventId: string;
  /** Why, for `undelivered` and `failed`. */
  errorCode: string | null;
}

/** Everything known about one message's delivery. */
export interface DeliveryRecord {
  state: DeliveryState;
  /** When that state was reached, ISO 8601 UTC. */
  stateAt: string;
  errorCode: string | null;
  /** Two states were reported that cannot both be true, such as two different terminal ones: manual check required. */
  conflict: boolean;
  /**
   * One fact for each reported state, in the order of `DELIVERY_STATES`: its earliest report, with the error code of the
   * latest one that has any.
   */
  history: DeliveryFact[];
  /** Every report, if some state was reported more than once (up to `MAX_REPORTS` of each); `null`: `history` has them all. */
  reports: DeliveryFact[] | null;
}

/** Of one state. */
const MAX_REPORTS = 10;

const rankOf = new Map<DeliveryState, number>(DELIVERY_STATES.map((state, rank) => [state, rank]));
const rank = (state: DeliveryState) => rankOf.get(state) ?? -1;

/** Terminal states that a carrier or Postack reported. `expired` is an assumption: a receipt overrides it. */
const REPORTED_ENDS = new Set<DeliveryState>(['failed', 'undelivered', 'delivered']);

/**
 * Merges known facts with new ones. The result depends only on the set of facts, not on their order, grouping or
 * repetition.
 *
 * Of two different terminal states, the one that happened later wins (a carrier that corrects itself); at the same time,
 * the higher one in `DELIVERY_STATES`; both stay in the history, and `conflict` is true.
 */
export function mergeFacts(known: readonly DeliveryFact[], added: readonly DeliveryFact[]): DeliveryRecord {
  const byState = new Map(
    [...Map.groupBy([...known, ...added], ({ state }) => state)].map(([state, facts]) => [
      state,
      reportsIn(facts),
    ]),
  );
  const history = [...byState.values()].map(factOf).sort((a, b) => rank(a.state) - rank(b.state));
  const reports = history.flatMap(({ state }) => byState.get(state) ?? []);
  const highest = history.at(-1);
  if (!highest) throw new Error('A message about which nothing is known has no state');
  const ends = history.filter(({ state }) => REPORTED_ENDS.has(state));
  const latestEnd = ends.reduce<DeliveryFact | undefined>(
    (latest, end) => (!latest || latest.at <= end.at ? end : latest),
    undefined,
  );
  // Two messages with one id: the one that came in is kept.
  const inbound = history.find(({ state }) => state === 'received');
  // A message that was read was delivered, whatever else was reported.
  const current = inbound ?? (highest.state === 'read' ? highest : (latestEnd ?? highest));
  const isContradicted =
    (byState.has('read') && ends.some(({ state }) => state !== 'delivered')) ||
    (inbound !== undefined && history.length > 1);
  return {
    state: current.state,
    stateAt: current.at,
    errorCode: current.errorCode,
    conflict: ends.length > 1 || isContradicted,
    history,
    reports: reports.length > history.length ? reports : null,
  };
}

/** The different reports of one state, in order; of many, the first ones and the last. */
function reportsIn(facts: readonly DeliveryFact[]): DeliveryFact[] {
  const byEvent = new Map<string, DeliveryFact>();
  for (const fact of facts) {
    const other = byEvent.get(fact.eventId);
    if (!other || precedes(fact, other)) byEvent.set(fact.eventId, fact);
  }
  const reports = [...byEvent.values()].sort((a, b) => (precedes(a, b) ? -1 : 1));
  if (reports.length <= MAX_REPORTS) return reports;
  return [...reports.slice(0, MAX_REPORTS - 1), ...reports.slice(-1)];
}

function factOf(reports: readonly DeliveryFact[]): DeliveryFact {
  const [first] = reports;
  if (!first) throw new Error('A state without a report');
  return { ...first, errorCode: reports.findLast(({ errorCode }) => errorCode !== null)?.errorCode ?? null };
}

/** A total order on facts of one state, so that the choice between two never depends on which came first. */
function precedes(a: DeliveryFact, b: DeliveryFact): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.eventId !== b.eventId) return a.eventId < b.eventId;
  return (a.errorCode ?? '') < (b.errorCode ?? '');
}
