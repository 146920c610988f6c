import { hereOf } from '../../machine/leases-here.ts'
import { type WaitFor, waitForPort } from '../../machine/wait.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { CommandInput } from '../input.ts'
import { parseTargets } from '../targets.ts'

const TIMEOUT_MS = 30_000
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|0\.0\.0\.0|::|.*\.localhost)$/

/** `ports wait` */
export const run: RunCommand = async (input, io) => {
  const { place, env, cwd } = input.world
  if (input.has('healthy') && input.has('gone')) {
    throw input.mistake('--healthy and --gone are opposites.')
  }
  const state = input.has('gone') ? 'closed' : input.has('healthy') ? 'healthy' : 'open'
  const what = targetOf(input)
  const timeoutMs = input.duration('timeout', TIMEOUT_MS)
  const started = performance.now()
  const how = { state, timeoutMs, any: input.has('any') } as const
  const end = await waitForPort(what, how, hereOf(cwd, place), { place, env })
  const waitedMs = Math.round(performance.now() - started)
  if (end.end === 'reached') {
    const port = end.port === undefined ? {} : { port: end.port }
    if (input.has('json')) io.json({ v: 1, state, ...port, waitedMs })
    return EXIT.ok
  }
  const message = `port ${end.port} is served by ${end.who}, which is not of this checkout. Wait for another port, stop that one, or accept it with --any.`
  if (input.has('json'))
    io.json({ v: 1, error: { code: 'PORTS_FOREIGN', message }, port: end.port })
  else io.err(message)
  return EXIT.refused
}

function targetOf(input: CommandInput): WaitFor {
  const [arg = ''] = input.args
  if (/^[a-z][a-z+.-]*:\/\//i.test(arg)) return placeOf(arg, input)
  const [named = ''] = parseTargets(input)
  if (typeof named === 'string') return { service: named }
  const host = 'localhost'
  return { port: named, host, secure: false, remote: false, name: `port ${named}` }
}

function placeOf(text: string, input: CommandInput): WaitFor {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const port = url && portOf(url)
  if (!url || !port) {
    throw input.mistake(
      `${JSON.stringify(text)} should be a URL such as http://localhost:3000/health or tcp://localhost:5432.`,
    )
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const path = `${url.pathname}${url.search}`
  return {
    port,
    host,
    secure: url.protocol === 'https:' || url.protocol === 'wss:',
    ...(path !== '/' && path !== '' && { path }),
    remote: !LOOPBACK.test(host),
    name: text,
  }
}

function portOf({ port, protocol }: URL): number | undefined {
  if (port) return Number(port)
  const byDefault: Record<string, number> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 }
  return byDefault[protocol]
}
