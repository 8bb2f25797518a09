// `nestjs-postack/admin`: the admin API of the service, for hosts. It needs the package class-transformer.

import '../../errors/node-version.js';
export { PostackAdminModule, type PostackAdminOptions } from './admin.module.js';
