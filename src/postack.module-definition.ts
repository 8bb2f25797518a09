import { ConfigurableModuleBuilder, type InjectionToken } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { PostackModuleOptions } from './postack.options.js';

/** What `forRoot` and `forRootAsync` take beside the options proper, because it shapes the module itself. */
export interface PostackModuleExtras {
  /**
   * Injection token of the TypeORM data source to use. Default: the application's default data source. For a
   * named one, `getDataSourceToken('name')` of `@nestjs/typeorm`.
   */
  dataSource?: InjectionToken<DataSource>;
  /** Whether every module can inject what this one exports. Default `true`. */
  isGlobal?: boolean;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<PostackModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createPostackOptions')
    .setExtras<PostackModuleExtras>({ dataSource: DataSource, isGlobal: true }, (definition, extras) => ({
      ...definition,
      global: extras.isGlobal ?? true,
      providers: [
        ...(definition.providers ?? []),
        {
          provide: HOST_DATA_SOURCE,
          useFactory: (dataSource?: DataSource) => dataSource ?? null,
          inject: [{ token: extras.dataSource ?? DataSource, optional: true }],
        },
      ],
    }))
    .build();

/** The data source as the host provides it; `null` when it does not. */
export const HOST_DATA_SOURCE = Symbol('nestjs-postack:host-data-source');
