/** SQL of a text that changes with each change of the subscriptions. */
export function subscriptionsVersion(subscription: string): string {
  return `(SELECT md5(coalesce(string_agg(concat_ws('|', handler, kind, types, ordered, endpoint), ',' ORDER BY handler), ''))
    FROM ${subscription})`;
}
