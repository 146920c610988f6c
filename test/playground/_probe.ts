import { stripVTControlCharacters } from 'node:util'
import type { Child } from '../_utils/children.ts'
import { until } from '../_utils/until.ts'

/** What the API of a playground says of itself, as much as is tested. */
export interface ApiInfo {
  pid: number
  port: number
  startedAt: number
  reservation: { since: number; pid: number } | null
}

/** The API's answer through the proxy of the dev server on `port`, once it is up. */
export function apiInfo(port: number): Promise<ApiInfo> {
  return until(async () => {
    const response = await fetch(`http://localhost:${port}/api/info`)
    return response.ok ? ((await response.json()) as ApiInfo) : undefined
  })
}

/** The port that the bundler's command says it serves on. */
export async function servedPort(child: Child): Promise<number> {
  // Rspack colours its lines in a pipe as well.
  const match = await until(() => {
    const text = stripVTControlCharacters(child.output())
    const found = /(?:Local|Loopback):\s+http:\/\/localhost:(\d+)\//.exec(text)
    if (!found && child.process.exitCode !== null) throw new Error(`ended early:\n${text}`)
    return found
  })
  return Number(match[1])
}

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
