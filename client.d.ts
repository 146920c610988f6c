declare module '~ports' {
  /** Where a service is reached in development. */
  export interface ServiceAddress {
    readonly port: number
    /** Without a final slash: `http://localhost:3000`. */
    readonly url: string
  }

  /**
   * The services of this project by name, in development; an empty object in a production build.
   *
   * Augment {@link Services} to name yours.
   */
  export const services: Services & Readonly<Record<string, ServiceAddress | undefined>>

  /** `declare module '~ports' { interface Services { api: ServiceAddress } }` */
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled in by augmentation
  export interface Services {}
}
