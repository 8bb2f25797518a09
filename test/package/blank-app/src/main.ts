import { createApplication } from './create-application.js';

const application = await createApplication();
await application.listen(0, '127.0.0.1');
console.log(`listening at ${await application.getUrl()}`);
