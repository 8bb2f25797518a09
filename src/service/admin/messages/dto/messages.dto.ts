import { IsIn, IsOptional } from 'class-validator';
import { DELIVERY_STATES, type DeliveryState } from '../../../../messages/delivery-state.js';
import { PageSinceQuery } from '../../dto/page.dto.js';
import { OneOf } from '../../validation/value.decorators.js';

/** `GET /api/v1/messages` */
export class ListMessagesQuery extends PageSinceQuery {
  @IsOptional()
  @IsIn(['inbound', 'outbound'], { message: 'direction must be inbound or outbound' })
  direction?: 'inbound' | 'outbound';

  @IsOptional()
  @OneOf(DELIVERY_STATES)
  state?: DeliveryState;
}
