import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { INestApplication } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { Server } from 'node:http';
import pg from 'pg';
import { MessageReceivedEvent, OnPostackEvent } from '../../src/index.js';
import { signWebhook, waitForListener } from '../../src/testing/index.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { startHost } from './host.js';

const tracer = trace.getTracer('host');

@Injectable()
class Failing {
  @OnPostackEvent(MessageReceivedEvent, { name: 'failing', retry: { attempts: 1 } })
  onReceived(): Promise<void> {
    return tracer.startActiveSpan('inside', (span) => {
      span.end();
      return Promise.reject(new Error('no such customer: +15550100001'));
    });
  }
}

/** As auto-instrumentation does: a span for each request, active in its listeners. */
function instrument(server: Server): void {
  const emit = server.emit.bind(server) as (...args: unknown[]) => boolean;
  server.emit = ((name: string, ...args: unknown[]) => {
    if (name !== 'request') return emit(name, ...args);
    return tracer.startActiveSpan('POST', { kind: SpanKind.SERVER }, (span) => {
      (args[1] as NodeJS.EventEmitter).once('finish', () => {
        span.end();
      });
      return emit(name, ...args);
    });
  }) as Server['emit'];
}

describe('A host with OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let database: TestDatabase;
  let host: INestApplication;
  let spans: readonly ReadableSpan[];
  /** Statements that would have been a trace of their own. */
  const alone: string[] = [];

  beforeAll(async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(provider);
    database = await createTestDatabase();
    host = await startHost({ url: database.url, providers: [Failing] });
    instrument(host.getHttpServer() as Server);
    const prototype = pg.Client.prototype as { query: (...args: unknown[]) => unknown };
    const query = prototype.query;
    prototype.query = function (...args) {
      const isOurs = !isTracingSuppressed(context.active()) && !trace.getSpan(context.active());
      if (isOurs) alone.push(String((args[0] as { text?: string }).text ?? args[0]).slice(0, 100));
      return query.apply(this, args);
    };
    const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
    await fetch(`${await host.getUrl()}/api/v1/webhooks`, { method: 'POST', headers, body });
    await waitUntil(() => exporter.getFinishedSpans().length >= 4 || undefined, {
      what: () => `four spans, of ${exporter.getFinishedSpans().length}`,
    });
    // Long enough for each kind of polling to run.
    const until = performance.now() + 3000;
    await waitUntil(() => performance.now() > until || undefined, { what: () => 'polling' });
    prototype.query = query;
    await waitForListener(host, id, 'failing', 'dead');
    spans = exporter.getFinishedSpans();
  });
  afterAll(async () => {
    await host.close();
    await database.drop();
    trace.disable();
    context.disable();
  });

  const spanOf = (name: string) => spans.find((span) => span.name === name)!;

  it('sees a span for each call of a listener, linked to the request', () => {
    const request = spanOf('POST').spanContext();
    for (const name of ['postack crm', 'postack failing']) {
      const span = spanOf(name);
      expect(span.kind).toBe(SpanKind.CONSUMER);
      expect(span.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId }))).toEqual([
        { traceId: request.traceId, spanId: request.spanId },
      ]);
      expect(span.attributes).toMatchObject({
        'postack.event.type': 'message.received',
        'postack.attempt': 1,
      });
    }
  });

  it('sees its own spans inside that, and what failed, without a phone number', () => {
    const span = spanOf('postack failing');
    expect(spanOf('inside').parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    expect(span.status.message).toContain('no such customer');
    expect(JSON.stringify([span.status, span.attributes])).not.toContain('5550100001');
  });

  it('sees no trace of polling', () => {
    expect(alone).toEqual([]);
  });
});
