import type { AppTexts } from './app-panels.ts'

/** What the API says of itself; times are in milliseconds since 1970. */
export interface ApiInfo {
  readonly pid: number
  readonly port: number
  readonly startedAt: number
  readonly listeningAt: number
  readonly uptimeMs: number
  readonly requests: number
  /** Of the port, as the API found it when it started; `null` when nobody had reserved it. */
  readonly reservation: {
    readonly since: number
    readonly pid?: number
    readonly branch?: string
  } | null
}

/** One question to the API through the proxy. */
export type ApiAnswer =
  | { readonly up: true; readonly info: ApiInfo; readonly roundTripMs: number }
  | { readonly up: false; readonly status: number | undefined; readonly text: string }

const INTERVAL_MS = 1000

/** Asks again and again while somebody looks at the page. */
export async function watchApi(
  { server, script }: Pick<AppTexts, 'server' | 'script'>,
  tell: (answer: ApiAnswer) => void,
): Promise<never> {
  const gone = `${server} itself does not answer. Start the playground again: npm run ${script}`
  for (;;) {
    if (!document.hidden) tell(await askApi(gone))
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
  }
}

async function askApi(gone: string): Promise<ApiAnswer> {
  const before = performance.now()
  try {
    const response = await fetch('/api/info', { cache: 'no-store' })
    const text = await response.text()
    const roundTripMs = performance.now() - before
    if (!response.ok) return { up: false, status: response.status, text }
    return { up: true, info: JSON.parse(text) as ApiInfo, roundTripMs }
  } catch (error) {
    const text = error instanceof SyntaxError ? 'That was no answer of the API.' : gone
    return { up: false, status: undefined, text }
  }
}
