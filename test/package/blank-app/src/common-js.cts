import { PostackModule } from 'nestjs-postack';
import { signWebhook } from 'nestjs-postack/testing';

console.log(typeof PostackModule.forRoot, typeof signWebhook);
