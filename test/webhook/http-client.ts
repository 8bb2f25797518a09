import { once } from 'node:events';
import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as openRequest,
} from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Whether it came on a connection that had served another request. */
  reusedSocket: boolean;
}

/** A POST whose headers and body the test decides byte by byte, and whose connection it may cut. */
export function openPost(
  url: string,
  headers: Record<string, string | number>,
  agent: Agent | false = false,
): { request: ClientRequest; answer: Promise<HttpAnswer> } {
  const request = openRequest(url, { method: 'POST', headers, agent });
  const answer = once(request, 'response').then(async (event) => {
    const [response] = event as [IncomingMessage];
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await text(response),
      reusedSocket: request.reusedSocket,
    };
  });
  // A test that cuts its own connection does not wait for the answer.
  answer.catch(() => undefined);
  // The server may close the connection while the body is still being sent.
  request.on('error', () => undefined);
  return { request, answer };
}

/** A whole POST. */
export function post(
  url: string,
  headers: Record<string, string | number>,
  body: string | Uint8Array,
  agent?: Agent,
): Promise<HttpAnswer> {
  const { request, answer } = openPost(url, headers, agent);
  request.end(body);
  return answer;
}
