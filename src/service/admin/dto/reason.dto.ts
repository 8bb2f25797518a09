import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { MAX_REASON_LENGTH } from '../../../errors/decision-reason.js';

/** What is answered when a reason is missing or too long: longer explanations belong elsewhere. */
export const REASON_MESSAGE = { message: `reason must be a text of 1 to ${MAX_REASON_LENGTH} characters` };

/** What every decision of a person has to have. */
export class ReasonBody {
  @IsString(REASON_MESSAGE)
  @IsNotEmpty(REASON_MESSAGE)
  @MaxLength(MAX_REASON_LENGTH, REASON_MESSAGE)
  reason!: string;
}
