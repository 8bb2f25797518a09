/** Injection token of `ServiceSettings`. */
export const SERVICE_SETTINGS = Symbol('nestjs-postack:service-settings');

/** Settings that the admin API needs. */
export interface ServiceSettings {
  adminKey: string;
}
