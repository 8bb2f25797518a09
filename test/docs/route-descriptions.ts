/** What each route of the service does: a row of the table of routes. A test compares the keys with the controllers. */
export const ROUTE_DESCRIPTIONS: Readonly<Record<string, string>> = {
  'GET /health/live': 'says that the process is alive',
  'GET /health/ready': 'says that the process can take a webhook and commit it',

  'GET /api/v1/events': 'lists events, newest first',
  'GET /api/v1/events/:id':
    'one event by its `svix-id`: payload, projections, listeners with attempts and errors',
  'POST /api/v1/events/:id/replay': 'delivers one event again, to all of its listeners or to one',
  'POST /api/v1/events/replay': 'delivers many events again',
  'POST /api/v1/events/reinterpret':
    'reads stored events again with the mapping of now: [your first real event](../events/README.md#your-first-real-event)',
  'POST /api/v1/events/discard': 'decides that quarantined or unhandled events are not needed',
  'GET /api/v1/wire-format':
    'which events came in and how they were read, and a mapping for what was not: [your first real event](../events/README.md#your-first-real-event)',
  'GET /api/v1/replays': 'lists replays, backfills and redrives, and their progress',
  'GET /api/v1/replays/:id': 'one of them',
  'POST /api/v1/replays/:id/pause': 'pauses it',
  'POST /api/v1/replays/:id/resume': 'resumes it where it was',
  'POST /api/v1/replays/:id/cancel': 'ends it',

  'GET /api/v1/dead-letters': 'lists events for which a listener or projection has failed for the last time',
  'GET /api/v1/dead-letters/:eventId/:handler': 'one of them, with payload, first and last error',
  'POST /api/v1/dead-letters/:eventId/:handler/redrive': 'retries it',
  'POST /api/v1/dead-letters/:eventId/:handler/discard': 'discards it',
  'POST /api/v1/dead-letters/redrive': 'retries many',
  'GET /api/v1/listeners':
    'listener status: settings, pause, counts, blocked message groups; projections too',
  'GET /api/v1/listeners/:name': 'one listener or projection',
  'POST /api/v1/listeners/:name/pause': 'pauses a listener in every process',
  'POST /api/v1/listeners/:name/resume': 'resumes it',
  'DELETE /api/v1/listeners/:name':
    'retires a listener that no process has any more: its open deliveries are discarded, with the `reason` in the query',
  'GET /api/v1/workers': 'the running processes that call listeners: role, version, heartbeat, connections',
  'POST /api/v1/listeners/:name/backfill': 'delivers to it the events that came in before it was added',

  'GET /api/v1/messages': 'lists messages with their delivery state, latest event first',
  'GET /api/v1/messages/:id': 'one message by Postack’s id',
  'GET /api/v1/outbox': 'lists outbound messages, newest first',
  'POST /api/v1/outbox': 'sends a message; the same key gives the same message',
  'GET /api/v1/outbox/:id': 'one outbound message',
  'POST /api/v1/outbox/:id/release': 'sends a held or rejected message',
  'POST /api/v1/outbox/:id/cancel': 'decides against sending it',
  'POST /api/v1/outbox/:id/accept': 'records that it was found at Postack',

  'GET /api/v1/reply-rules': 'lists reply rules',
  'POST /api/v1/reply-rules': 'adds one',
  'GET /api/v1/reply-rules/:id': 'one rule',
  'PATCH /api/v1/reply-rules/:id': 'changes it',
  'DELETE /api/v1/reply-rules/:id': 'deletes it',
  'POST /api/v1/reply-rules/test':
    'which rule would answer a message, and why the others would not; nothing is sent',

  'GET /api/v1/opt-outs': 'lists numbers with their opt-out state, latest change first',
  'POST /api/v1/opt-outs': 'opts a number out',
  'POST /api/v1/opt-outs/:number/opt-in': 'opts it in again',
  'GET /api/v1/opt-outs/:number/history': 'the evidence about a number',
  'GET /api/v1/opt-outs/export': 'all opted-out numbers as CSV',
  'POST /api/v1/opt-outs/import': 'opts out the numbers of a CSV list',
  'GET /api/v1/opt-outs/reviews': 'lists wordings that may be opt-outs',
  'POST /api/v1/opt-outs/reviews/:id': 'resolves one: `opt-out` or `dismiss`',
  'GET /api/v1/suppressions': 'lists suppressed numbers',
  'POST /api/v1/suppressions': 'suppresses a number',
  'DELETE /api/v1/suppressions/:number': 'removes its suppression',
  'GET /api/v1/suppressions/export': 'all suppressed numbers as CSV',
  'POST /api/v1/suppressions/import': 'suppresses the numbers of a CSV list',

  'GET /api/v1/failures': 'lists messages that did not arrive, latest first',
  'GET /api/v1/failures/summary': 'counts them by cause and code; reconciliation counts',
  'GET /api/v1/failures/:messageId': 'one of them',
  'POST /api/v1/failures/:messageId/acknowledge': 'records that an operator has dealt with it',
  'GET /api/v1/alerts': 'lists alerts, latest first',

  'GET /api/v1/reports/summary': 'all figures of a period in short',
  'GET /api/v1/reports/timeseries': 'one metric over time',
  'GET /api/v1/reports/heatmap': 'one metric by hour of the week',
  'GET /api/v1/reports/errors': 'why messages failed, most frequent first',
  'GET /api/v1/reports/latency': 'percentiles of latencies',
  'GET /api/v1/reports/answers': 'how many inbound messages got a reply within some minutes',
  'GET /api/v1/reports/numbers': 'the figures of each number of yours',
  'GET /api/v1/reports/freshness': 'up to when the figures are complete',
  'GET /api/v1/reports/export': 'the messages of a period as CSV or NDJSON',
  'POST /api/v1/reports/rebuild': 'rebuilds the metrics; responds with its progress, line by line',
};
