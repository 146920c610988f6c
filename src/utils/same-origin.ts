/** Whether a proxy's `target` is at the same scheme, host and port as `url`; false for what is no URL. */
export function isSameOrigin(target: unknown, url: string): boolean {
  try {
    return new URL(String(target)).origin === new URL(url).origin
  } catch {
    return false
  }
}
