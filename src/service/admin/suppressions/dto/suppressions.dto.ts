import { IsString } from 'class-validator';
import { PageQuery } from '../../dto/page.dto.js';
import { RequiredReason } from '../../dto/reason.dto.js';
import { OptionalTime } from '../../validation/time.decorators.js';
import { OptionalFlag, OptionalNumberParameter, OptionalParameter } from '../../validation/url.decorators.js';

/** `GET /api/v1/suppressions` */
export class ListSuppressionsQuery extends PageQuery {
  @OptionalNumberParameter()
  number?: string;

  @OptionalParameter()
  code?: string;

  @OptionalFlag()
  isActive?: boolean;
}

/** `POST /api/v1/suppressions` */
export class SuppressNumberBody extends RequiredReason {
  @IsString({ message: 'number must be a phone number, as a string' })
  number!: string;

  @OptionalTime()
  expiresAt?: Date;
}
