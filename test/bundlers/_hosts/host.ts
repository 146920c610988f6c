import type { Child } from '../../_utils/children.ts'

/** An app to be served: a page with `<h1>app</h1>` whose script imports `~ports`. */
export interface App {
  /** Source text of the argument of `ports()`. Default: none. */
  readonly ports?: string
  /** What the user's own config says of the server. */
  readonly server?: { readonly port?: number | 'auto'; readonly host?: string }
  /** Served over TLS with these. */
  readonly https?: { readonly key: string; readonly cert: string } | undefined
  /** Every step that a plugin can delay takes this long, in milliseconds; `building` is printed first. */
  readonly slowMs?: number
}

/** What a test of the suite is about; a host that can't do it says why. */
export type Line = 'typed-port' | 'auto-port' | 'local-ip' | 'early-request' | 'separate-hmr'

/** One way in which a dev server comes to run with the plugin. */
export interface Host {
  readonly name: string
  /** Why it can't run here, such as the version of Node. */
  readonly skip?: string | undefined
  /** Lines of the suite that don't apply, with the reason. */
  readonly cannot: Readonly<Partial<Record<Line, string>>>
  /** Bound when the config names no host. */
  readonly defaultHost: 'localhost' | 'all'
  /** Path of served code in which the services' URLs stand; a function finds it in the page. */
  readonly portsCode: string | ((page: URL) => Promise<string>)
  /** How a page's client connects to the HMR socket, and how it is greeted. */
  readonly hmr: {
    /** `page` is where the page comes from. */
    path(page: URL): Promise<string>
    readonly protocols: readonly string[]
    readonly greeting: RegExp
    /** The variable with its port. */
    readonly variable: string
  }
  /** Installed packages of this repository, by the name the app knows them under. */
  readonly packages: Readonly<Record<string, string>>
  /** Text of the app's files by path. */
  files(app: App): Readonly<Record<string, string>>
  /** Starts it in the app's directory. `args` are for hosts with a command line. */
  start(dir: string, args?: readonly string[], env?: Record<string, string>): Child
  /** The URL that it prints, as soon as it has. */
  url(child: Child): Promise<URL>
}

/** Runs in a config: prints `building` and stops this thread, which no hook that waits can do. */
export const stopSource = `const stop = (ms) => {
  console.log('building')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}`

/** Ten bundlers that start at once on a small machine need some time, in milliseconds. */
const URL_DEADLINE_MS = 60_000

/** The first URL after `label` in the output of `child`. */
export async function urlAfter(child: Child, label: RegExp): Promise<URL> {
  const pattern = new RegExp(`${label.source}\\s+(https?://[^\\s/]+:\\d+)/`)
  const match = await child.sees(pattern, URL_DEADLINE_MS)
  return new URL(match[1] as string)
}
