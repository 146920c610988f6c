import type { SessionWorld } from './world.ts'

/** Variables in which a tool that starts a server on `PORT` says where people reach it. */
const VARIABLES = ['PORTLESS_URL'] as const

/** Where people reach a server besides its own address. */
export interface PublicUrl {
  /** Without a final slash. */
  readonly url: string
  /** The variable that says so. */
  readonly from: string
}

/**
 * Where another tool's proxy publishes the server that it started on `PORT`.
 *
 * @returns `undefined` when nobody says so, or what is said is no URL of a page.
 */
export function publicUrl(env: SessionWorld['env']): PublicUrl | undefined {
  for (const from of VARIABLES) {
    const text = env[from]?.trim()
    if (!text || !URL.canParse(text)) continue
    const { protocol, href } = new URL(text)
    if (protocol === 'http:' || protocol === 'https:') return { url: href.replace(/\/$/, ''), from }
  }
  return undefined
}
