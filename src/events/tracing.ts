import {
  context,
  createContextKey,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { loggableError } from '../errors/loggable-error.js';

// All of this does nothing in a process that has no OpenTelemetry SDK.

/** The key by which the SDK leaves out spans. Its own constant is in a package of the SDK. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACE_PARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** The span that the caller runs in, as in the header `traceparent`; `null` when there is none. */
export function currentTraceParent(): string | null {
  const span = trace.getSpanContext(context.active());
  if (!span || !isSpanContextValid(span)) return null;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

/** Runs what nothing asked for, such as polling, without spans: each would be a trace of its own. */
export function withoutTracing<Result>(run: () => Result): Result {
  return context.with(context.active().setValue(SUPPRESS_TRACING, true), run);
}

/**
 * Calls a listener in a span of its own. It is linked to the spans of the requests that brought its events, perhaps in
 * another process and hours ago.
 */
export async function inListenerSpan<Result>(
  listener: string,
  attributes: Record<string, string | number>,
  traceParents: readonly (string | null)[],
  call: () => Promise<Result>,
): Promise<Result> {
  const span = trace.getTracer('nestjs-postack').startSpan(
    `postack ${listener}`,
    {
      kind: SpanKind.CONSUMER,
      links: traceParents.flatMap(linkTo),
      attributes: {
        'messaging.system': 'postack',
        'messaging.operation.type': 'process',
        'postack.listener': listener,
        ...attributes,
      },
    },
    ROOT_CONTEXT,
  );
  try {
    return await context.with(trace.setSpan(ROOT_CONTEXT, span), call);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: loggableError(error) });
    throw error;
  } finally {
    span.end();
  }
}

function linkTo(traceParent: string | null): Link[] {
  const [, traceId = '', spanId = '', flags = '0'] = TRACE_PARENT.exec(traceParent ?? '') ?? [];
  if (traceId === '') return [];
  return [{ context: { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true } }];
}
