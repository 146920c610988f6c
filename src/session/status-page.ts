import type { StatusPage, StatusPlace } from '../bundlers/status-page.ts'
import { isAllowedHost } from '../status/guard.ts'
import { CLIENT_PATH } from '../status/routes.ts'
import type { StatusSource } from '../status/source.ts'

/** The status page of a run, whose code is loaded with the first request for it. */
export function lazyStatusPage(source: StatusSource, place: StatusPlace): StatusPage {
  let opened: Omit<StatusPage, 'script'> | undefined
  let opening: Promise<void> | undefined
  const open = async (): Promise<void> => {
    const { openStatusPage } = await import('../status/open.ts')
    opened = openStatusPage(source, place)
  }
  return {
    handle(request, response, path) {
      if (opened) return opened.handle(request, response, path)
      opening ??= open()
      opening.then(
        () => opened?.handle(request, response, path),
        (error: unknown) => {
          // A package that was removed under a running server; the next request tries again.
          opening = undefined
          response.writeHead(500, { 'Content-Type': 'text/plain' })
          response.end(`The status page could not be loaded: ${String(error)}\n`)
        },
      )
    },
    script({ headers }) {
      const host = headers.host ?? (headers[':authority'] as string | undefined)
      const needed = source.notice || source.titlePrefix !== undefined
      const wanted = needed && place.service === 'dev' && isAllowedHost(host, place.allowedHosts())
      return wanted ? CLIENT_PATH : undefined
    },
    end: () => opened?.end(),
  }
}
