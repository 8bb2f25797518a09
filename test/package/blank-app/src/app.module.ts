import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { postackEntities, PostackModule, postackMigrations } from 'nestjs-postack';
import { GreeterListener } from './greeter.listener.js';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env['DATABASE_URL'],
      entities: [...postackEntities()],
      migrations: [...postackMigrations],
      migrationsRun: true,
    }),
    PostackModule.forRoot({ secret: process.env['POSTACK_WEBHOOK_SECRET'] ?? '' }),
  ],
  controllers: [OrdersController],
  providers: [GreeterListener],
})
export class AppModule {}
