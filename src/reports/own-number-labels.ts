import type { PostackDatabase } from '../database/postack-database.js';
import { maskPhoneNumber } from '../events/phone-number.js';
import { UNKNOWN } from '../messages/number-facts.js';
import { ReportOwnNumberEntity } from './report.entities.js';

/** An own number as reports show it. */
export interface OwnNumberLabel {
  /** Stable key of the number; `unknown` if events do not contain it. */
  ownNumber: string;
  /** Masked, or in full if requested. */
  number: string;
}

/** Resolves the keys of own numbers to labels. */
export class OwnNumberLabels {
  constructor(private readonly database: PostackDatabase) {}

  /** Adds the label of each key to its figures, in the same order. */
  async addTo<Figures extends object>(
    figures: ReadonlyMap<string, Figures>,
    includeNumbers?: boolean,
  ): Promise<(OwnNumberLabel & Figures)[]> {
    const labels = await this.of([...figures.keys()], includeNumbers);
    return [...figures.values()].flatMap((one, index) => {
      const label = labels[index];
      return label ? [{ ...label, ...one }] : [];
    });
  }

  /** The label of each key, in the same order. */
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
