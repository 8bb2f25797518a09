import { ConfigurableModuleBuilder, Global, type InjectionToken, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { ConfigurationError } from './errors/configuration-error.js';
import { OwnPool } from './database/own-pool.js';
import { PostackDatabase } from './database/postack-database.js';
import {
  OPTION_CLASSES,
  type PostackModuleOptions,
  type ResolvedOptions,
  resolveOptions,
} from './postack.options.js';
import { checkDataSource, checkDirect, PostackSchemaCheck } from './postack.schema-check.js';

/** What `forRoot` and `forRootAsync` take beside the options proper, because it shapes the module itself. */
export interface PostackModuleExtras {
  /**
   * Injection token of the TypeORM data source to use. Default: the application's default data source. For a
   * named one, `getDataSourceToken('name')` of `@nestjs/typeorm`.
   */
  dataSource?: InjectionToken<DataSource>;
  /**
   * Injection token of a data source on the same database that reaches it without the connection pooler of the first, for
   * what needs a session: job queues and LISTEN. Only its pool is used; it needs no entities. Default: none.
   */
  directDataSource?: InjectionToken<DataSource>;
  /** Whether every module can inject what this one exports. Default `true`. */
  isGlobal?: boolean;
}

/** The resolved options of all features; each feature injects its own class. */
const RESOLVED_OPTIONS = Symbol('nestjs-postack:options');

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<PostackModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createPostackOptions')
    .setExtras<PostackModuleExtras>(
      { dataSource: DataSource, directDataSource: undefined, isGlobal: true },
      (definition, extras) => ({
        ...definition,
        providers: [
          ...(definition.providers ?? []),
          {
            provide: PostackDatabase,
            useFactory: (dataSource?: DataSource, direct?: DataSource) =>
              new PostackDatabase(checkDataSource(dataSource), direct && checkDirect(direct)),
            inject: [
              { token: extras.dataSource ?? DataSource, optional: true },
              ...(extras.directDataSource === undefined ? [] : [extras.directDataSource]),
            ],
          },
        ],
      }),
    )
    .build();

/** Provides what every feature needs: its options, and the database. Internal; always global. */
@Global()
@Module({
  providers: [
    {
      provide: RESOLVED_OPTIONS,
      useFactory: (options: PostackModuleOptions, modules: ModulesContainer) => {
        refuseSecondImport(modules);
        return resolveOptions(options);
      },
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
    },
    ...OPTION_CLASSES.map((provide) => ({
      provide,
      useFactory: (options: ResolvedOptions) => options.get(provide),
      inject: [RESOLVED_OPTIONS],
    })),
    OwnPool,
    PostackSchemaCheck,
  ],
  exports: [...OPTION_CLASSES, PostackDatabase, OwnPool],
})
export class PostackCoreModule extends ConfigurableModuleClass {}

/** @throws {ConfigurationError} when `forRoot` is imported in several modules: each would have its own options. */
function refuseSecondImport(modules: ModulesContainer): void {
  const count = [...modules.values()].filter(({ metatype }) => metatype === PostackCoreModule).length;
  if (count < 2) return;
  throw new ConfigurationError('PostackModule', [
    `forRoot() or forRootAsync() is imported ${count} times. Import it once, in the root module: it is global, so that ` +
      'every other module can inject what it exports',
  ]);
}
