import type { PostackDatabase } from '../database/postack-database.js';
import { maskPhoneNumber } from '../events/phone-number.js';
import { UNKNOWN } from './rollups/number-facts.js';
import { ReportOwnNumberEntity } from './rollups/report-own-number.entity.js';

/** How a report shows an own number. */
export interface OwnNumberLabel {
  /** Stands for the number, always the same; `unknown` when events do not tell it. */
  ownNumber: string;
  /** Masked, or in full when that was asked for. */
  number: string;
}

/** Turns the keys of own numbers in the rollups into what a report may show. */
export class OwnNumberLabels {
  constructor(private readonly database: PostackDatabase) {}

  /** In the order of the keys. */
  async of(keys: readonly string[], includeNumbers = false): Promise<OwnNumberLabel[]> {
    const known = await this.database
      .repository(ReportOwnNumberEntity)
      .createQueryBuilder('own')
      .where('own.key = ANY (:keys)', { keys })
      .getMany();
    const numbers = new Map(known.map(({ key, number }) => [key, number]));
    return keys.map((ownNumber) => {
      const number = numbers.get(ownNumber);
      if (number === undefined) return { ownNumber, number: UNKNOWN };
      return { ownNumber, number: includeNumbers ? number : maskPhoneNumber(number) };
    });
  }
}
