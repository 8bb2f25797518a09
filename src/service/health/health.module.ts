import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

/** `/health/live` and `/health/ready`. */
@Module({ controllers: [HealthController], providers: [Readiness] })
export class HealthModule {}
