import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Provides the service's data source to `PostackModule`, as `TypeOrmModule` does in a host application. */
@Module({})
export class ServiceDatabaseModule {
  static with(dataSource: DataSource): DynamicModule {
    return {
      module: ServiceDatabaseModule,
      global: true,
      providers: [{ provide: DataSource, useValue: dataSource }],
      exports: [DataSource],
    };
  }
}
