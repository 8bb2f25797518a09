const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;

/**
 * Whether a request's URL is the webhook path, with or without a query or a slash at its end. Libraries differ in what else
 * they take for the same path: other case, percent-encoded letters.
 */
export function isWebhookUrl(url: string, path: string): boolean {
  if (!url.startsWith(path)) return false;
  const rest = url.charCodeAt(path.length) === SLASH ? path.length + 1 : path.length;
  return url.length === rest || url.charCodeAt(rest) === QUESTION_MARK;
}
