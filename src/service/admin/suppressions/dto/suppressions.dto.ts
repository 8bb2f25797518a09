import { IsIn, IsOptional, IsString } from 'class-validator';
import { PageQuery } from '../../http/list.dto.js';
import { OptionalTime } from '../../http/optional-time.js';
import { ReasonBody } from '../../http/reason.dto.js';
import { Flag, NumberInUrl } from '../../http/url-values.js';

const ONCE = { message: '$property must be given once' };

/** `GET /api/v1/suppressions` */
export class ListSuppressionsQuery extends PageQuery {
  @IsOptional()
  @NumberInUrl()
  @IsString(ONCE)
  number?: string;

  @IsOptional()
  @IsString(ONCE)
  code?: string;

  @IsOptional()
  @Flag()
  @IsIn([true, false], { message: 'isActive must be true or false' })
  isActive?: boolean;
}

/** `POST /api/v1/suppressions/import` */
export class ImportSuppressionsQuery extends ReasonBody {}

/** `POST /api/v1/suppressions/remove` */
export class RemoveSuppressionBody extends ReasonBody {
  @IsString({ message: 'number must be a number, as a text' })
  number!: string;
}

/** `POST /api/v1/suppressions` */
export class SuppressionBody extends RemoveSuppressionBody {
  @OptionalTime()
  expiresAt?: Date;
}
