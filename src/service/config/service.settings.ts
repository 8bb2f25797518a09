/** Injection token of `ServiceSettings`. */
export const SERVICE_SETTINGS = Symbol('nestjs-postack:service-settings');

/** What the service's own controllers need to know. */
export interface ServiceSettings {
  adminKey: string;
}
