/** What the server tells the browser beside the page; times are in milliseconds, from the moment the port was reserved. */
export interface Facts {
  readonly pid: number
  /** Since 1970. */
  readonly renderedAt: number
  readonly viteMs: number
  readonly adoptedMs: number
  /** The request that was sent before there was a server. */
  readonly early: {
    readonly sentMs: number
    readonly answeredMs: number
    readonly status: number
  }
}
