import { Module } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import { PostackApiOptions } from './postack-api.options.js';
import { PostackClient } from './postack-client.js';
import { postackClient } from './postack-client.provider.js';

/** Access to Postack's REST API. */
@Module({
  providers: [
    { provide: PostackClient, useFactory: postackClient, inject: [PostackApiOptions, PostackDatabase] },
  ],
  exports: [PostackClient],
})
export class PostackApiModule {}
