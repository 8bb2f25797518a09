import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { PostackModule } from '../postack.module.js';
import type { PostackModuleOptions } from '../postack.options.js';
import { AdminKeyGuard } from './admin/admin-key.guard.js';
import { PostackAdminModule } from './admin/admin.module.js';
import { SERVICE_SETTINGS, type ServiceSettings } from './config/service.settings.js';
import { HealthModule } from './health/health.module.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import { DIRECT_DATA_SOURCE, ServiceDatabaseModule } from './service-database.module.js';
import { TrafficLogObserver } from './traffic-log.observer.js';

/** The standalone service: `PostackModule`, its admin API and health checks. */
@Module({
  imports: [HealthModule],
  providers: [TrafficLogObserver, { provide: APP_FILTER, useClass: ProblemDetailsFilter }],
})
export class ServiceModule {
  static with(
    options: PostackModuleOptions,
    settings: ServiceSettings,
    dataSource: DataSource,
    direct?: DataSource,
  ): DynamicModule {
    return {
      module: ServiceModule,
      imports: [
        ServiceDatabaseModule.with(dataSource, direct),
        PostackModule.forRoot({ ...options, ...(direct && { directDataSource: DIRECT_DATA_SOURCE }) }),
        PostackAdminModule.forRoot({
          path: 'api/v1',
          guard: AdminKeyGuard,
          imports: [settingsModule(settings)],
        }),
      ],
    };
  }
}

@Module({})
class ServiceSettingsModule {}

function settingsModule(settings: ServiceSettings): DynamicModule {
  const provider = { provide: SERVICE_SETTINGS, useValue: settings };
  return { module: ServiceSettingsModule, providers: [provider], exports: [provider] };
}
