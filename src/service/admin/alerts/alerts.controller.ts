import { Get, Query } from '@nestjs/common';
import type { AlertEntity } from '../../../alerts/alert.entity.js';
import { Alerts } from '../../../alerts/alerts.js';
import type { Page } from '../../../database/keyset-page.js';
import { AdminController } from '../admin-controller.decorator.js';
import { ListAlertsQuery } from './dto/alerts.dto.js';

/** Alerts for operators. */
@AdminController('alerts')
export class AlertsController {
  constructor(private readonly alerts: Alerts) {}

  @Get()
  list(@Query() query: ListAlertsQuery): Promise<Page<AlertEntity>> {
    return this.alerts.list(query);
  }
}
