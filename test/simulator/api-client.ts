import type { LocalPostack, OutboundMessage } from '../../src/simulator/index.js';

export const OWN_NUMBER = '+15550190000';
export const ANNA = '+15550100001';

/** The answer of the REST API, parsed. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  body: OutboundMessage & { error: { code: string; message: string } };
}

/** Asks the REST API, as Postack's customers do. */
export async function ask(postack: LocalPostack, path: string, init: RequestInit = {}): Promise<ApiAnswer> {
  const headers = { authorization: `Bearer ${postack.apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${postack.url}${path}`, { headers, ...init });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as ApiAnswer['body'],
  };
}

/** Sends an SMS, to Anna unless told otherwise. */
export function send(
  postack: LocalPostack,
  fields: Partial<Record<'sender' | 'recipient' | 'text', unknown>> = {},
  signal?: AbortSignal,
): Promise<ApiAnswer> {
  const body = JSON.stringify({ sender: OWN_NUMBER, recipient: ANNA, text: 'Hello', ...fields });
  return ask(postack, '/messages', { method: 'POST', body, signal });
}
