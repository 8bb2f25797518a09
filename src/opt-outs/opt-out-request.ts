import { parsePhoneNumber, NUMBER_RULE } from '../events/phone-number.js';
import { checkedReason } from '../errors/decision-reason.js';
import { InvalidOptOutError } from './opt-out-errors.js';

/** An operator's opt-out or opt-in of a number. */
export interface OptOutRequest {
  /** E.164, spaces and brackets allowed; a short code; or a sender name. */
  peer: string;
  /** The own number that it applies to. Default: all own numbers. */
  ownNumber?: string;
  /** 1 to 1,000 characters. */
  reason: string;
}

/** The request with normalized numbers; `ownNumber` is `null` for all own numbers. @throws {InvalidOptOutError} */
export function checkedRequest({ peer, ownNumber, reason }: OptOutRequest) {
  return {
    peer: required('the number', peer),
    // The validation of request bodies lets `null` pass as absent.
    ownNumber: (ownNumber ?? null) === null ? null : required('"ownNumber"', ownNumber ?? ''),
    reason: checkedReason(reason, InvalidOptOutError),
  };
}

function required(name: string, text: string): string {
  const number = parsePhoneNumber(text);
  if (number === undefined) throw new InvalidOptOutError(`${name} ${NUMBER_RULE}`);
  return number;
}
