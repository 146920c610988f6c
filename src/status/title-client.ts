/**
 * Runs in the page, so nothing outside of it may be used. It keeps `[prefix] ` before the page's
 * title, also when the app sets another one, as routers do.
 */
export function keepTitle(prefix: string): void {
  const wanted = `[${prefix}]`
  const keep = (): void => {
    if (!document.title.startsWith(wanted)) document.title = `${wanted} ${document.title}`.trim()
  }
  keep()
  // The element comes and goes with some frameworks; what is above it stays.
  const place = document.head ?? document.documentElement
  new MutationObserver(keep).observe(place, {
    subtree: true,
    childList: true,
    characterData: true,
  })
}
