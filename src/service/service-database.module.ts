import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Injection token of the data source that reaches the database without a pooler. */
export const DIRECT_DATA_SOURCE = Symbol('nestjs-postack:direct-data-source');

/** Provides the service's data source to `PostackModule`, as `TypeOrmModule` does in a host application. */
@Module({})
export class ServiceDatabaseModule {
  static with(dataSource: DataSource, direct?: DataSource): DynamicModule {
    return {
      module: ServiceDatabaseModule,
      global: true,
      providers: [
        { provide: DataSource, useValue: dataSource },
        { provide: DIRECT_DATA_SOURCE, useValue: direct },
      ],
      exports: [DataSource, DIRECT_DATA_SOURCE],
    };
  }
}
