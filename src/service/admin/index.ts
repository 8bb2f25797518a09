// `nestjs-postack/admin`: the admin API of the service, for hosts. It needs the package class-transformer.

export { PostackAdminModule, type PostackAdminOptions } from './admin.module.js';
