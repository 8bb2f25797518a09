import { IsIn, IsOptional, IsString } from 'class-validator';
import { PageQuery } from '../../http/list.dto.js';
import { OptionalTime } from '../../http/optional-time.js';
import { ReasonBody } from '../../http/reason.dto.js';
import { Flag, NumberInUrl } from '../../http/url-values.js';

const ONCE = { message: '$property must be given once' };
const NUMBER_MESSAGE = { message: '$property must be a number, as a text' };

/** `GET /api/v1/opt-outs` */
export class ListOptOutsQuery extends PageQuery {
  @IsOptional()
  @NumberInUrl()
  @IsString(ONCE)
  number?: string;

  @IsOptional()
  @NumberInUrl()
  @IsString(ONCE)
  ownNumber?: string;

  @IsOptional()
  @Flag()
  @IsIn([true, false], { message: 'isOptedOut must be true or false' })
  isOptedOut?: boolean;

  @OptionalTime()
  since?: Date;
}

/** `GET /api/v1/opt-outs/reviews` */
export class ListReviewsQuery extends PageQuery {
  @IsOptional()
  @Flag()
  @IsIn([true, false], { message: 'isOpen must be true or false' })
  isOpen?: boolean;
}

/** `POST /api/v1/opt-outs/import` */
export class ImportOptOutsQuery extends ReasonBody {}

/** `POST /api/v1/opt-outs`, `POST /api/v1/opt-outs/remove` */
export class OptOutBody extends ReasonBody {
  @IsString(NUMBER_MESSAGE)
  number!: string;

  @IsOptional()
  @IsString(NUMBER_MESSAGE)
  ownNumber?: string;
}

/** `POST /api/v1/opt-outs/reviews/:id` */
export class ResolveReviewBody extends ReasonBody {
  @IsIn(['opt-out', 'dismiss'], { message: 'decision must be opt-out or dismiss' })
  decision!: 'opt-out' | 'dismiss';
}
