import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { EVENT_STATUSES, type EventStatus } from '../../../../dispatch/outcomes/event-status.js';
import { OptionalTime } from '../../http/optional-time.js';
import { MAX_REASON_LENGTH } from '../../../../errors/decision-reason.js';
import { REASON_MESSAGE, ReasonBody } from '../../http/reason.dto.js';

const TEXT_MESSAGE = { message: '$property must be a text' };
const RATE_MESSAGE = { message: 'ratePerSecond must be a whole number from 1 to 10000' };

/** `POST /api/v1/events/:id/replay` */
export class ReplayEventBody {
  @IsOptional()
  @IsString(TEXT_MESSAGE)
  listener?: string;
}

/** `POST /api/v1/listeners/:name/backfill` */
export class BackfillBody {
  @IsOptional()
  @IsString(TEXT_MESSAGE)
  type?: string;

  @OptionalTime()
  since?: Date;

  @OptionalTime()
  until?: Date;

  @IsOptional()
  @IsBoolean({ message: 'dryRun must be true or false' })
  dryRun?: boolean;

  @IsOptional()
  @IsInt(RATE_MESSAGE)
  @Min(1, RATE_MESSAGE)
  @Max(10_000, RATE_MESSAGE)
  ratePerSecond?: number;
}

/** `POST /api/v1/dead-letters/redrive` */
export class RedriveBody extends BackfillBody {
  @IsOptional()
  @IsString(TEXT_MESSAGE)
  listener?: string;
}

/** `POST /api/v1/events/replay` */
export class ReplayBody extends RedriveBody {
  @IsOptional()
  @IsIn(EVENT_STATUSES, { message: `status must be one of ${EVENT_STATUSES.join(', ')}` })
  status?: EventStatus;
}

/** `POST /api/v1/dead-letters/:eventId/:handler/discard` */
export class DiscardBody extends ReasonBody {}

/** `POST /api/v1/listeners/:name/pause` */
export class PauseBody {
  @IsOptional()
  @IsString(REASON_MESSAGE)
  @IsNotEmpty(REASON_MESSAGE)
  @MaxLength(MAX_REASON_LENGTH, REASON_MESSAGE)
  reason?: string;
}
