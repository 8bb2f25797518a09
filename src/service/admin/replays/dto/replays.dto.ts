import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { Period } from '../../dto/period.dto.js';
import { Text } from '../../validation/value.decorators.js';

const RATE_MESSAGE = { message: 'ratePerSecond must be a whole number from 1 to 10000' };

/** `POST /api/v1/listeners/:name/backfill`; also the common part of the bodies of replays and redrives. */
export class ReplayRequestBody extends Period {
  @IsOptional()
  @Text()
  type?: string;

  @IsOptional()
  @Text()
  endpoint?: string;

  @IsOptional()
  @IsBoolean({ message: 'dryRun must be true or false' })
  dryRun?: boolean;

  @IsOptional()
  @IsInt(RATE_MESSAGE)
  @Min(1, RATE_MESSAGE)
  @Max(10_000, RATE_MESSAGE)
  ratePerSecond?: number;
}
