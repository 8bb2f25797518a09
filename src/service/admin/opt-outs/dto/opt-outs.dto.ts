import { IsIn, IsOptional, IsString } from 'class-validator';
import { PageSinceQuery, PageQuery } from '../../dto/page.dto.js';
import { RequiredReason } from '../../dto/reason.dto.js';
import { OptionalFlag, OptionalNumberParameter } from '../../validation/url.decorators.js';

const NUMBER_MESSAGE = { message: '$property must be a phone number, as a string' };

/** `GET /api/v1/opt-outs` */
export class ListOptOutsQuery extends PageSinceQuery {
  @OptionalNumberParameter()
  number?: string;

  @OptionalNumberParameter()
  ownNumber?: string;

  @OptionalFlag()
  isOptedOut?: boolean;
}

/** `GET /api/v1/opt-outs/reviews` */
export class ListOptOutReviewsQuery extends PageQuery {
  @OptionalFlag()
  isOpen?: boolean;
}

/** `POST /api/v1/opt-outs/:number/opt-in` */
export class OptInBody extends RequiredReason {
  @IsOptional()
  @IsString(NUMBER_MESSAGE)
  ownNumber?: string;
}

/** `POST /api/v1/opt-outs` */
export class OptOutBody extends OptInBody {
  @IsString(NUMBER_MESSAGE)
  number!: string;
}

/** `POST /api/v1/opt-outs/reviews/:id` */
export class ResolveOptOutReviewBody extends RequiredReason {
  @IsIn(['opt-out', 'dismiss'], { message: 'decision must be opt-out or dismiss' })
  decision!: 'opt-out' | 'dismiss';
}
