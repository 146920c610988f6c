/** A server as a tab knows it. */
export interface TabServer {
  /** The same for every server of one root, and for no other root of this machine. */
  readonly project: string
  /** For people: `shop (main)`. */
  readonly label: string
}

/**
 * Where the server is that a tab belongs to: what `/__ports/identity.json?was=<project>` says
 * besides, for a project that is not its own.
 */
export interface FormerServer {
  /** Its latest server; absent while none of it runs. */
  readonly url?: string
}

/** Of `/__ports/identity.json`, as much as a tab reads. */
interface Answer extends TabServer {
  readonly v: 1
  readonly was?: FormerServer
}

/**
 * Runs in the page, so nothing outside of it may be used. It compares the server that this tab was
 * opened for with the one that answers now: when the page is loaded (bundlers load it again after
 * they have lost their server), when a WebSocket to this machine is opened, when the tab comes to
 * the front or out of the browser's cache, and when something can't be loaded. A server that doesn't
 * say whose it is makes no difference.
 *
 * The tab remembers its server in `sessionStorage`, which is the tab's own.
 *
 * @param server The one that the page comes from.
 * @param source URL that the script came from; its siblings are asked.
 * @param style Of the notice, which lives in a shadow tree.
 */
export function watchServer(server: TabServer, source: string, style: string): void {
  const KEY = 'unplugin-ports'
  /** Between two questions, in milliseconds. */
  const PAUSE_MS = 2000
  /** Between two questions for a server that is to come, while the notice is there. */
  const WAIT_MS = 4000
  /** After so many of these nobody expects it any more. */
  const MAX_WAITS = 150
  const identityUrl = new URL('identity.json', source)
  if (window.top !== window) return

  /** The one that the tab was opened for, or has been told to stay with. */
  let mine = recall() ?? server
  let close: (() => void) | undefined
  let shown = ''
  let lastAskedAt = 0
  let asked: ReturnType<typeof setTimeout> | undefined
  let waits = 0

  if (mine.project === server.project) remember(server)
  else void ask()

  addEventListener('pageshow', (event) => event.persisted && later())
  addEventListener('online', later)
  document.addEventListener('visibilitychange', () => !document.hidden && later())
  watchSockets()
  watchFailures()

  function recall(): TabServer | undefined {
    try {
      const value = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as TabServer | null
      if (typeof value?.project === 'string' && typeof value.label === 'string') return value
    } catch {
      // Storage is turned off: the tab remembers for as long as the page lives.
    }
    return undefined
  }

  function remember({ project, label }: TabServer): void {
    mine = { project, label }
    try {
      sessionStorage.setItem(KEY, JSON.stringify(mine))
    } catch {
      // As above.
    }
  }

  /** The first server that answers after a while is what counts, however much happens meanwhile. */
  function later(): void {
    asked ??= setTimeout(() => void ask(), Math.max(100, lastAskedAt + PAUSE_MS - Date.now()))
  }

  async function ask(): Promise<void> {
    clearTimeout(asked)
    asked = undefined
    lastAskedAt = Date.now()
    let answer: Answer | undefined
    try {
      identityUrl.searchParams.set('was', mine.project)
      const response = await fetch(identityUrl, { cache: 'no-store', credentials: 'same-origin' })
      answer = response.ok ? ((await response.json()) as Answer) : undefined
    } catch {
      // Nobody answers, or a server that knows nothing of this: then there is nothing to say.
    }
    if (answer?.v !== 1 || typeof answer.project !== 'string') return
    if (answer.project === mine.project) close?.()
    else show(answer, answer.was?.url)
  }

  function show(now: TabServer, url: string | undefined): void {
    const target = url === undefined ? undefined : here(url)
    const key = `${now.project} ${target?.href}`
    if (!target && waits++ < MAX_WAITS) {
      asked ??= setTimeout(() => (document.hidden ? (asked = undefined) : void ask()), WAIT_MS)
    }
    if (key === shown) return
    close?.()
    shown = key

    const host = document.createElement('ports-notice')
    const root = host.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(style)
    root.adoptedStyleSheets = [sheet]
    const box = add(root, 'section')
    box.setAttribute('aria-label', 'Notice of unplugin-ports')
    const status = add(box, 'div')
    status.setAttribute('role', 'status')
    const buttons = add(box, 'div')
    buttons.className = 'buttons'

    if (target) {
      const link = add(buttons, 'a', `Go to ${target.host}`)
      link.href = target.href
    }
    // What is shown is the former server's still.
    if (now.project !== server.project) {
      button(`Load ${now.label || 'what is here'}`, () => {
        accept()
        location.reload()
      })
    }
    button(target ? 'Stay here' : 'Dismiss', accept)

    let before: Element | null = null
    box.addEventListener('focusin', ({ relatedTarget }) => {
      if (relatedTarget instanceof Element && !box.contains(relatedTarget)) before = relatedTarget
    })
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented) accept()
    }
    addEventListener('keydown', onKey)
    close = () => {
      const focused = root.activeElement
      removeEventListener('keydown', onKey)
      host.remove()
      if (focused && before instanceof HTMLElement) before.focus()
      close = undefined
      shown = ''
    }
    document.documentElement.append(host)
    // A region that is there already is read out when it changes.
    setTimeout(() => {
      add(status, 'strong', `${location.host} is now ${now.label || 'another project'}`)
      const was = mine.label || 'another project'
      add(status, 'p', `This tab was ${was}, which ${target ? 'has moved' : 'isn’t running now'}.`)
    }, 50)

    function accept(): void {
      remember(now)
      close?.()
    }

    function button(text: string, work: () => void): void {
      const made = add(buttons, 'button', text)
      made.type = 'button'
      made.addEventListener('click', work)
    }
  }

  /** The same page of the server at `url`. */
  function here(url: string): URL | undefined {
    try {
      const target = new URL(location.pathname + location.search + location.hash, url)
      return /^https?:$/.test(target.protocol) ? target : undefined
    } catch {
      return undefined
    }
  }

  function add<Name extends keyof HTMLElementTagNameMap>(
    parent: Node,
    name: Name,
    text?: string,
  ): HTMLElementTagNameMap[Name] {
    const made = document.createElement(name)
    if (text !== undefined) made.textContent = text
    parent.appendChild(made)
    return made
  }

  /** HMR has one, and opens another one as soon as a server is there again. */
  function watchSockets(): void {
    const { WebSocket: Original } = window
    if (typeof Original !== 'function') return
    window.WebSocket = new Proxy(Original, {
      construct(target, args, newTarget) {
        const socket = Reflect.construct(target, args, newTarget) as WebSocket
        try {
          if (new URL(socket.url).hostname === location.hostname) {
            socket.addEventListener('open', later)
            // Another checkout's server may refuse the token that this page's code has.
            socket.addEventListener('error', later)
          }
        } catch {
          // A class of the page's own, which need not have a URL.
        }
        return socket
      },
    })
  }

  function watchFailures(): void {
    try {
      const observer = new PerformanceObserver((list) => {
        const failed = list.getEntriesByType('resource').some((entry) => {
          const { name, responseStatus = 200 } = entry as PerformanceResourceTiming
          return responseStatus >= 400 && name.startsWith(location.origin) && !isOwn(name)
        })
        if (failed) later()
      })
      observer.observe({ type: 'resource' })
    } catch {
      // A browser without it notices later.
    }
  }

  function isOwn(url: string): boolean {
    return url.startsWith(identityUrl.origin + identityUrl.pathname)
  }
}
