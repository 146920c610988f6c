import type { HostService, RunRequest } from '../bundlers/adapter.ts'
import type { Range, ResolvedService } from '../options/resolved.ts'

/** What an edit of the config file comes to. */
export interface ConfigChange {
  /** What the host learns only when it starts, for people: `"dev"`, `the proxy of "api"`. */
  readonly needsRestart: readonly string[]
  /** What can be done meanwhile; `undefined` when that is nothing. */
  readonly request: RunRequest | undefined
}

/**
 * Compares what a running server asked for with what it would ask for now.
 *
 * @param proxies The host forwards paths, and to where is settled when it starts.
 * @param portOf The ports that services have.
 */
export function compareRequests(
  before: RunRequest,
  after: RunRequest,
  proxies: boolean,
  portOf: (service: string) => number | undefined,
): ConfigChange {
  const bound = new Set(namesOf(before, after).filter((name) => isBoundAnew(name, before, after)))
  const proxied = new Set(
    proxies ? namesOf(before, after).filter((name) => isProxiedAnew(name, before, after)) : [],
  )
  const needsRestart = [
    ...(before.root === after.root ? [] : ['root']),
    ...[...bound].map((name) => `"${name}"`),
    ...[...proxied].map((name) => `the proxy of "${name}"`),
  ]
  const wanted = keepOld(before, after, new Set([...bound, ...proxied]))
  if (textOf(described(before)) === textOf(described(wanted))) {
    return { needsRestart, request: undefined }
  }
  const kept = wanted.services.filter((host) => {
    const old = serviceOf(before, host.service.name)
    const port = portOf(host.service.name)
    const excluded = port !== undefined && isIn(port, wanted.options.exclude)
    return old && !excluded && settingsOf(old) === settingsOf(host)
  })
  return {
    needsRestart,
    request: { ...wanted, kept: new Set(kept.map(({ service }) => service.name)) },
  }
}

/** The services that are the host's own are on other ports, or there are others. */
function isBoundAnew(name: string, before: RunRequest, after: RunRequest): boolean {
  const [old, now] = [serviceOf(before, name), serviceOf(after, name)]
  if (!old?.hold && !now?.hold) return false
  return settingsOf(old) !== settingsOf(now)
}

function isProxiedAnew(name: string, before: RunRequest, after: RunRequest): boolean {
  const [old, now] = [serviceOf(before, name), serviceOf(after, name)]
  return forwardingOf(old) !== forwardingOf(now)
}

function forwardingOf(host: HostService | undefined): string {
  const { proxy = [] } = host?.service ?? {}
  return proxy.length > 0 ? textOf(proxy) : ''
}

/** `after` as far as the running server can follow: the services in `stuck` are as they were. */
function keepOld(before: RunRequest, after: RunRequest, stuck: ReadonlySet<string>): RunRequest {
  const isOld = (name: string): boolean => stuck.has(name) && hasService(before, name)
  const old = before.services.filter(({ service }) => isOld(service.name))
  const now = after.services.filter(({ service, hold }) => {
    // A port that the server would have to bind by itself is of no use to it now.
    return !isOld(service.name) && !(hold && stuck.has(service.name))
  })
  const oldOptions = before.options.services.filter(({ name }) => isOld(name))
  const nowOptions = after.options.services.filter(({ name }) => !isOld(name))
  const { root, envDirectory, envFiles, shared, typed, later } = before
  return {
    ...after,
    options: {
      ...after.options,
      services: inOrder([...oldOptions, ...nowOptions], after, (service) => service.name),
      root: before.options.root,
    },
    services: inOrder([...old, ...now], after, ({ service }) => service.name),
    shared: stuck.size > 0 ? shared : after.shared,
    typed,
    root,
    envDirectory,
    envFiles,
    ...(later && { later }),
  }
}

function inOrder<T>(items: readonly T[], { options }: RunRequest, name: (item: T) => string): T[] {
  const order = options.services.map((service) => service.name)
  return items.toSorted((a, b) => order.indexOf(name(a)) - order.indexOf(name(b)))
}

function namesOf(...requests: readonly RunRequest[]): string[] {
  return [...new Set(requests.flatMap((r) => r.services.map(({ service }) => service.name)))]
}

function serviceOf(request: RunRequest, name: string): HostService | undefined {
  return request.services.find(({ service }) => service.name === name)
}

function hasService(request: RunRequest, name: string): boolean {
  return serviceOf(request, name) !== undefined
}

/** Settings that have nothing to do with where a service listens. */
const ELSEWHERE = new Set<string>([
  'env',
  'proxy',
  'identity',
  'health',
  'healthGiven',
  'description',
  'metadata',
  'required',
] satisfies (keyof ResolvedService)[])

/** Everything of a service that decides where it listens. */
function settingsOf(host: HostService | undefined): string {
  if (!host) return ''
  const { service, ...rest } = host
  const settings = Object.entries(service).filter(([name]) => !ELSEWHERE.has(name))
  return textOf([settings, rest])
}

function described({ options, services, shared }: RunRequest): unknown {
  return [options, services, shared]
}

/** Equal texts mean equal settings. Functions are made anew each time the file is read, so their source counts. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'function' || inner instanceof RegExp ? String(inner) : inner,
  )
}

function isIn(port: number, ranges: readonly Range[]): boolean {
  return ranges.some(({ from, to }) => port >= from && port <= to)
}
