import type { Socket as DatagramSocket } from 'node:dgram'
import type { Server } from 'node:net'

/** An inclusive range of ports: `[3000, 3100]` or `'3000-3100'`. */
export type PortRange = readonly [from: number, to: number] | string

/** In which order the ports of a range are tried. */
export type Strategy =
  /** Lowest first. */
  | 'sequential'
  /** In no order; every start of a service without a remembered port differs. */
  | 'random'
  /** From a port that root and service alone decide, then upwards and round to the start. */
  | 'hash'

/** Which of several instances gets a request: each in turn, a random one, or the first that answers. */
export type Balance = 'round-robin' | 'random' | 'priority'

/** What a service listens on: a TCP port, a UDP port, or a path (a named pipe on Windows). */
export type Protocol = 'tcp' | 'udp' | 'unix'

/** A named range that services refer to with `pool`. */
export interface PoolOptions {
  range: PortRange
  /** One line for people. */
  description?: string
  /**
   * Share of the pool in use from which a warning is given, above 0 and up to 1.
   *
   * @default 0.9
   */
  warnAt?: number
}

/** Names of the environment variables that set and publish a service. */
export interface ServiceEnvNames {
  /**
   * Variables that carry the port, or the path with `protocol: 'unix'`. Set in the process environment or in an env file outside the
   * managed block, the first valid one is what the user typed and is tried before `preferred`.
   *
   * @default '<NAME>_PORT'; with `protocol: 'unix'` `<NAME>_SOCKET`; with Vite `VITE_HMR_PORT` for `hmr`; `PORT` and `CONDUCTOR_PORT` also set `dev` and `preview`
   */
  port?: string | string[]
  /**
   * Variables that carry the URL, such as `http://localhost:3000`.
   *
   * @default '<NAME>_URL'; none for well-known services that don't speak HTTP, whose URLs need user
   * and password to be of use
   */
  url?: string | string[]
  /** Variables that carry the target of `proxy`; written for proxied services. Default `<NAME>_TARGET`. */
  target?: string | string[]
  /**
   * With `command`: variables of its own, in capitals, such as `LOG_LEVEL: 'debug'`. `{port}`,
   * `{host}` and `{url}` stand for its own, `{db.port}` and the like for those of another service.
   */
  [variable: Uppercase<string>]: string
}

/** When and how often the `command` of a service is started again after it has ended. */
export interface RestartOptions {
  /**
   * `'on-failure'`: after an exit code other than 0 or a signal. `'always'`: however it ended.
   *
   * @default 'on-failure'
   */
  when?: 'on-failure' | 'always'
  /**
   * Starts in a row without a good run between them, after which it is left alone, 0 to 1000.
   *
   * @default 5
   */
  maxRetries?: number
  /**
   * Time before the first new start, in milliseconds; twice as long before each further one.
   *
   * @default 500
   */
  delayMs?: number
  /**
   * The longest such time, in milliseconds.
   *
   * @default 10_000
   */
  maxDelayMs?: number
  /**
   * A run that lasted so long, in milliseconds, was a good one: counting begins anew.
   *
   * @default 10_000
   */
  resetAfterMs?: number
}

/** What the process of a service's `command` is doing. */
export type ProcessState =
  /** For the services that it depends on. */
  | 'waiting'
  /** It runs; its server does not listen yet. */
  | 'starting'
  /** It runs, and its server listens or none was seen to be expected. */
  | 'running'
  /** It has ended and is started again in a moment. */
  | 'restarting'
  /** It was asked to end. */
  | 'stopping'
  /** It has ended, as it was meant to. */
  | 'stopped'
  /** It has ended and is not started again by itself. */
  | 'failed'
  /** Another session of this checkout runs it. */
  | 'elsewhere'

/** A service whose `command` is started with the session. */
export interface ServiceProcess {
  readonly service: string
  readonly state: ProcessState
  /** Since when it is in that state, in milliseconds since 1970. */
  readonly since: number
  /** Of the process that was started; absent while there is none. */
  readonly pid?: number
  /** The command line, as it was configured. */
  readonly command: string
  /** Starts after the first one. */
  readonly restarts: number
  /** How it ended last, as a shell says it: 128 and the signal's number after a signal. */
  readonly exitCode?: number
  /** What it waits for, or what went wrong, for people. */
  readonly reason?: string
}

/**
 * Proxy settings of one path. The bundler's own options (`rewrite`, `changeOrigin`, `headers`, …);
 * `target` defaults to the allocated port and `ws` to `true`.
 */
export type ProxyOptions = Record<string, unknown>

/** How a service is watched while a session runs. */
export interface HealthOptions {
  /**
   * What counts as an answer: a connection (`'tcp'`), an HTTP answer (`'http'`), a WebSocket
   * (`'ws'`), a bundler's HMR socket (`'hmr'`), a datagram that is not refused (`'udp'`), or what a
   * function says: it gets the port and returns or rejects.
   *
   * @default 'http' with a `path` or `status`, else 'tcp'
   */
  type?: 'tcp' | 'http' | 'ws' | 'hmr' | 'udp' | HealthCheck
  /** Path for `'http'`, `'ws'` and `'hmr'`. Default `'/'`. */
  path?: string
  /** HTTP statuses that count as healthy. Default: everything below 500. */
  status?: number | readonly number[]
  /**
   * Time between two probes of a healthy service, in milliseconds, 100 or more. One that fails is
   * probed after a second, then less and less often up to this. `PORTS_HEALTH_INTERVAL_MS` sets the
   * default.
   *
   * @default 10_000
   */
  intervalMs?: number
  /** A probe without an answer has failed after this, in milliseconds. Default 2000. */
  timeoutMs?: number
  /** Successes in a row that make it healthy. Default 1. */
  healthyAfter?: number
  /** Failures in a row that make it degraded or take it down. Default 2. */
  unhealthyAfter?: number
}

/** A probe of the user's own: `false` and a rejection mean that the service is not healthy. */
export type HealthCheck = (target: { port: number; url: string; signal: AbortSignal }) => unknown

/** What is known of a service's server. */
export type HealthState =
  /** It has not answered yet. */
  | 'starting'
  | 'healthy'
  /** Somebody answers, but wrongly. */
  | 'degraded'
  /** It answered before and does no more. */
  | 'down'
  /** Another checkout's server answers on its port. */
  | 'stolen'

/** One probe in a service's history. */
export interface HealthSample {
  /** When it ended, in milliseconds since 1970. */
  readonly at: number
  /** How long it took, in milliseconds. */
  readonly latencyMs: number
  readonly ok: boolean
  /** What was wrong; absent when nothing was. */
  readonly reason?: string
}

/** What is known of one service's health. */
export interface ServiceHealth {
  readonly service: string
  readonly state: HealthState
  /** Since when it is in that state, in milliseconds since 1970. */
  readonly since: number
  /** Why it is not healthy. */
  readonly reason?: string
  /** Of the latest probe that succeeded, in milliseconds. */
  readonly latencyMs?: number
  /**
   * Where requests for its `proxy` paths go, where that is not simply its own port: an upstream, or
   * the port on which its server was found. Absent before the first request.
   */
  readonly servedBy?: string
  /** The latest probes, the oldest first; at most sixty. */
  readonly history: readonly HealthSample[]
}

/** What one service asks for. `api: 3000` is short for `api: { preferred: 3000 }`. */
export interface ServiceOptions {
  /**
   * Port or ports tried first, in order.
   *
   * @default the bundler's own port for `dev`, `hmr` and `preview`; the usual port of well-known
   * services such as `postgres` or `storybook` that have neither `range` nor `pool`
   */
  preferred?: number | readonly number[]
  /**
   * Ports tried after `preferred`, lowest first. Without it the hundred ports from `preferred` on
   * are tried (3000 to 3099 with no `preferred` either), then any free one.
   */
  range?: PortRange
  /**
   * Bind address: a name, an IPv4 or IPv6 literal, `true` for all interfaces.
   *
   * @default the host of the server that uses the port; else the top-level `host`; else `'localhost'`
   */
  host?: string | boolean
  /** Only a typed or preferred port will do. Default: the top-level `strict`, for `dev` also Vite's `strictPort`. */
  strict?: boolean
  /**
   * `false`: when no port can be had, the service is reported as missing instead of failing the start.
   *
   * @default true
   */
  required?: boolean
  /** Variable names; a string or list names the port's variables; `false` neither reads nor writes any. */
  env?: string | string[] | ServiceEnvNames | false
  /**
   * Paths that the dev server forwards to this service, WebSockets included: `'/api'`, a list, or an
   * object from path to the bundler's proxy options. Entries of the bundler's own `proxy` win.
   */
  proxy?: string | readonly string[] | Record<string, ProxyOptions | true>
  /**
   * Named pool whose range is the service's `range`. A typed port may lie outside it and is used
   * with a warning; a preferred one may not. Default: none.
   */
  pool?: string
  /**
   * In which order the range is tried.
   *
   * @default the top-level `strategy`; else `'sequential'`, in a linked git worktree `'hash'`
   */
  strategy?: Strategy
  /**
   * Who chooses first when several services want the same ports: the higher number. Any finite number.
   *
   * @default 0
   */
  priority?: number
  /**
   * How many ports the service gets, 1 to 100. The first is the service itself; the others are
   * services named `<name>-2`, `<name>-3`, … whose variables end in `_2`, `_3`, …; those of the
   * first are there a second time with `_1`. All try the same ports, in that order. `proxy`
   * spreads over those that answer, see `balance`. Not for `dev`, `hmr` and `preview`.
   *
   * @default 1
   */
  count?: number
  /**
   * With `count`: the ports follow one another without a gap. A typed, preferred or remembered port
   * is then where the block begins.
   *
   * @default false
   */
  contiguous?: boolean
  /**
   * Services of one group get their ports together or not at all: when one can't be had, all of
   * them are reported as missing, or, where any of them is required, the start fails. Default: none.
   */
  group?: string
  /**
   * What the service listens on. `dev`, `hmr` and `preview` are TCP, and so is what the dev server's
   * `proxy` forwards to. The same number may be a TCP port of one service and a UDP port of another.
   *
   * @default 'tcp'
   */
  protocol?: Protocol
  /**
   * `protocol: 'unix'` only: path of the socket, relative to the root, and the only one that will do.
   * At most 107 bytes on Linux and 103 elsewhere. A file of another kind in its place is never
   * removed. On Windows `\\.\pipe\name` as written; any other path names a pipe below `\\.\pipe\`.
   *
   * @default a name made from root and service, in a directory of its own below `XDG_RUNTIME_DIR`,
   * else below the directory for temporary files
   */
  path?: string
  /** Whether the port is remembered for the next run. Default: the top-level `sticky`. */
  sticky?: boolean
  /**
   * What happens to requests for `proxy` paths while another checkout's server stands on the
   * service's port: `'refuse'` answers 502 and says whose it is, `'warn'` says so once and lets them
   * through, `'off'` takes whoever is there for the service (an API that lives in a repository of
   * its own, for example).
   *
   * @default 'refuse'
   */
  identity?: 'refuse' | 'warn' | 'off'
  /**
   * What is done when somebody else has the service's port, although it was reserved: `'warn'` says
   * who it is, `'move'` takes another port and tells everybody (env block, proxies, `~ports`),
   * `'fail'` ends the dev server's run with an error.
   *
   * @default the top-level `onConflict`
   */
  onConflict?: OnConflict
  /**
   * With `proxy`: where requests go, the first that answers: `'service'` is the service itself, a
   * URL a server elsewhere, `'srv:_api._tcp.example.internal'` (`'srv+https:…'` for TLS) the servers
   * that DNS names. Credentials in a URL become an `Authorization` header and are never printed.
   * Answers carry `x-ports-upstream`.
   *
   * @default ['service']
   */
  upstreams?: readonly string[]
  /**
   * With `proxy` and `count`: which of the instances that answer gets a request: each in turn, a
   * random one (see `weights`), or the first.
   *
   * @default 'round-robin'
   */
  balance?: Balance
  /** With `balance: 'random'`: the share of each instance, in order; those not named have 1. Default: all 1. */
  weights?: readonly number[]
  /**
   * How its server is watched while a session runs: `'/healthz'` is short for
   * `{ type: 'http', path: '/healthz' }`, `true` for every default, `false` turns it off.
   *
   * @default true; false for servers that don't speak HTTP, some of which take a mere connection for an attack
   */
  health?: boolean | string | HealthOptions
  /**
   * Starts its server: a line for the shell, or a program with its arguments. It is started with the
   * bundler's dev server, with a program that reserves the service, or by `ports dev`, on the held
   * port, with the variables of all services, and ended with them. `{port}`, `{host}` and `{url}`
   * stand for its own, `{db.port}` and the like for those of another service. Programs of
   * `node_modules/.bin` are found. `dev`, `hmr` and `preview` are the bundler's own servers there, so
   * theirs count in `ports dev` alone.
   *
   * @default none: somebody else starts the server
   */
  command?: string | readonly string[]
  /** Working directory of `command`, relative to the config file, else to the root. Default: the root. */
  cwd?: string
  /**
   * Services that must be healthy before `command` is started; without a health check it is enough
   * that they listen, with `health: false` that they were started. Default: none.
   */
  dependsOn?: string | readonly string[]
  /**
   * Whether `command` is started again when it has ended: after a failure, always, or never.
   *
   * @default 'on-failure'
   */
  restart?: 'on-failure' | 'always' | false | RestartOptions
  /**
   * `ports dev` starts the service only with one of these as `--profile`, or when it is named. Default:
   * none, it is always started.
   */
  profiles?: string | readonly string[]
  /** `hmr` only: a port of its own although the dev server could share its one. Default `false`. */
  separate?: boolean
  /** One line for people: shown in the summary and in errors. */
  description?: string
  /** Anything JSON can say; kept with the allocation and never read. */
  metadata?: Record<string, unknown>
}

/** How the managed block in the env file is written. */
export interface EnvOptions {
  /**
   * File that gets the block, relative to the bundler's env directory (Vite's `envDir`, else the root).
   *
   * @default '.env.local'
   */
  file?: string
  /**
   * Publishes every variable a second time with this prefix, so that client code may read it
   * (`VITE_` for Vite). Names that begin with it are not doubled. Default: none.
   */
  prefix?: string
}

/** Options of `ports()`. Everything is optional. */
export interface Options {
  /**
   * Named needs for a port. `dev`, `hmr` and `preview` belong to the bundler and are always there;
   * any other name is a server that somebody else starts. `false` turns a service off.
   */
  services?: Record<string, ServiceOptions | number | boolean>
  /** Bind address of services without one of their own. Default: what the bundler's server binds. */
  host?: string | boolean
  /** Ports and ranges that are never chosen: `[3005, '4000-4099', [5000, 5010]]`. */
  exclude?: readonly (number | PortRange)[]
  /**
   * No fallback: a typed or preferred port that is taken is an error for every service that does not say otherwise.
   *
   * @default false
   */
  strict?: boolean
  /**
   * In which order ranges are tried, for every service that does not say otherwise.
   *
   * @default 'sequential'; in a linked git worktree 'hash'
   */
  strategy?: Strategy
  /** Named ranges that services refer to with `pool`. Pools may not overlap. Default: those of `layout`. */
  pools?: Record<string, PortRange | PoolOptions>
  /**
   * A ready-made set of pools; `pools` adds to it and replaces entries of the same name.
   *
   * @default none
   */
  layout?: 'standard'
  /**
   * Ports are remembered for the next run of this root, and other roots keep off them as long as
   * they find others and this root exists. Kept in one small file per root below `PORTS_STATE_DIR`,
   * else the platform's state directory; ports that were typed are not remembered.
   *
   * @default true; false where the variable `CI` is set
   */
  sticky?: boolean
  /**
   * `onConflict` of services without one of their own.
   *
   * @default 'warn': a port that changes by itself breaks what was started with the old one, and the
   * stranger may be gone in a moment; requests don't reach it meanwhile
   */
  onConflict?: OnConflict
  /**
   * Published ports of Docker Compose that a variable says (`"${DB_PORT:-5432}:5432"`) are services
   * too: `true` for the compose files that Compose itself would find in the root, or the path of one
   * relative to the root. `ports run -- docker compose …` finds them in any case; `ports dev` starts
   * their databases and the like, and those that `services` or a `dependsOn` names.
   *
   * @default false
   */
  compose?: boolean | string
  /**
   * The status page at `/__ports/` of every dev server: services, their health, other checkouts.
   * Shown to this machine and to whom the server serves anyway; see docs/status-page.md.
   *
   * @default true
   */
  statusPage?: boolean
  /** Puts the checkout's branch before the page's title while developing. Default `false`. */
  titlePrefix?: boolean
  /**
   * Tells a tab that another checkout's server has taken its server's place on the port, with the
   * URL where the tab's own server is now. A small script of the dev server's, `/__ports/client.js`,
   * does it; no build contains it. `false` leaves pages as they are.
   *
   * @default true
   */
  notice?: boolean
  /** The managed block of variables; `false` writes nothing. Default `true`. */
  env?: boolean | EnvOptions
  /** What is printed after the bundler's URLs; `'full'` adds totals, `false` prints nothing. Default `true`. */
  summary?: boolean | 'full'
  /**
   * Directory whose services these are. Absolute, or relative to the working directory.
   *
   * @default the bundler's root; in programs the working directory
   */
  root?: string
}

/** What is done when somebody else has a reserved port; see `onConflict`. */
export type OnConflict = 'warn' | 'move' | 'fail'

/** What a `ports.config` file says: options, and what some packages of a workspace have besides. */
export interface PortsConfig extends Options {
  /**
   * Options of single packages, over the common ones: from directories relative to the file to
   * options. `*` stands for any name, `**` for any names below each other, `'.'` for the file's own
   * directory alone. A directory named in full counts more than one that a pattern meets.
   */
  packages?: Record<string, Options>
}

/** What a config file that exports a function is told. */
export interface ConfigContext {
  /** Directory that options are wanted for, absolute. */
  readonly root: string
  /** The bundler's mode, such as `'development'`; `undefined` in programs. */
  readonly mode: string | undefined
}

/**
 * A config that depends on who asks. webpack's and Rspack's command lines can't wait: there it must
 * not be asynchronous.
 */
export type PortsConfigFunction = (context: ConfigContext) => PortsConfig | Promise<PortsConfig>

/** Where an allocated port came from. */
export type PortSource = 'typed' | 'env' | 'preferred' | 'sticky' | 'range' | 'any'

/** Why a candidate was not chosen. */
export type RejectReason =
  /** A listener stands on it. */
  | 'in-use'
  /** Another process leased it for a server to come. */
  | 'leased'
  /** The operating system does not let this user bind it. */
  | 'denied'
  /** Browsers refuse to connect to it. */
  | 'blocked'
  /** Inside the range from which the kernel takes ports of outgoing connections. */
  | 'ephemeral'
  /** Below 1024 and not asked for by number. */
  | 'privileged'
  /** Listed in `exclude`. */
  | 'excluded'
  /** Another root had it in its last run; given up only when nothing else is left. */
  | 'claimed'
  /** Chosen for another service of the same plan, or remembered for one of the same root. */
  | 'own-service'
  /** Free, but another port of the block with `contiguous` was not. */
  | 'broken-block'
  /** The host name or address does not exist on this machine. */
  | 'no-address'
  /** A file that is no socket has this path. */
  | 'no-socket'
  /** The path has more bytes than a socket's may have. */
  | 'too-long'

/** Who is on a port, as far as the lease or the operating system tells. */
export interface PortHolder {
  /** `0` with a path. */
  port: number
  /** Default where it is absent: `'tcp'`. */
  protocol?: Protocol
  /** With `protocol: 'unix'`. */
  path?: string
  /**
   * `'lease'`: a reservation of this tool; `'system'`: a listener of some other program; `'memory'`:
   * nobody now, another root had it in its last run.
   */
  via: 'lease' | 'system' | 'memory'
  pid?: number
  /** The command line, shortened for people. */
  command?: string
  /** Working directory of the process. */
  cwd?: string
  /** Service name, with a lease. */
  service?: string
  /** With a lease: whether its socket is bound by the owner, or a server is expected. */
  state?: 'held' | 'leased'
  /** With a lease: a server of its owner listens there. Absent otherwise. */
  serving?: true
  /** Root of the session that holds the lease. */
  root?: string
  /** Checkout that the root or the working directory lies in. */
  checkout?: string
  branch?: string
  /** When the lease was taken, or the remembering root last ran, as an ISO 8601 time. */
  since?: string
}

/** One candidate that was tried. */
export interface PortAttempt {
  /** `0` with a path. */
  port: number
  /** Default where it is absent: `'tcp'`. */
  protocol?: Protocol
  /** With `protocol: 'unix'`. */
  path?: string
  source: PortSource
  /** Undefined for the one that was chosen. */
  rejected?: RejectReason
  /** Known only after somebody asked for it; see `describeHolders`. */
  holder?: PortHolder
}

/** A chosen port and how it was chosen. */
export interface Allocation {
  readonly service: string
  /** `0` with `protocol: 'unix'`, which has a `path` instead. */
  readonly port: number
  /** Default where it is absent: `'tcp'`. */
  readonly protocol?: Protocol
  /** With `protocol: 'unix'`: where the server listens. */
  readonly path?: string
  /** What the server should bind; `undefined` for all interfaces. */
  readonly host: string | undefined
  /**
   * Where a person or a browser reaches it, without a final slash: `http://localhost:3000`. A
   * well-known service that speaks something else has its own scheme: `postgresql://localhost:5432`.
   * With other protocols `udp://localhost:5353` and `unix:/run/user/1000/unplugin-ports/api.sock`,
   * the path percent-encoded.
   */
  readonly url: string
  readonly source: PortSource
  /** `'held'`: bound by us. `'leased'`: for a server to come. `'running'`: a server of this checkout listens already. `'shared'`: rides on another service's port. */
  readonly state: 'held' | 'serving' | 'leased' | 'running' | 'shared'
  /** Every candidate in the order tried; the last one is the chosen one. */
  readonly attempts: readonly PortAttempt[]
  readonly description?: string
  readonly metadata?: Record<string, unknown>
}

/** An allocation that is held by a bound socket, a lease, or both. */
export interface Reservation extends Allocation, Disposable, AsyncDisposable {
  /**
   * Makes `server` listen on the held socket and hands it the connections that waited. Once.
   *
   * @throws PortsError `PORTS_NOT_HELD` when no socket is held (any more), or it is a UDP socket.
   */
  adoptInto(server: Server): void
  /**
   * `protocol: 'udp'` only: the bound socket, which is yours to close from now on. Once. The first
   * 128 messages that came before are emitted as soon as you listen to `'message'`.
   *
   * @throws PortsError `PORTS_NOT_HELD` when no UDP socket is held (any more).
   */
  takeDatagramSocket(): DatagramSocket
  /** Closes what is still held and ends the lease. A server that adopted the socket keeps it. Idempotent. */
  release(): Promise<void>
}

/** How full a pool or range is, on the whole machine. */
export interface Utilisation {
  /** The pool's name; for a range its ports: `8000-8100`. */
  readonly name: string
  /** First and last port, both included. */
  readonly range: readonly [from: number, to: number]
  /** Number of ports in it. */
  readonly size: number
  /** Reserved with this package, by any process. */
  readonly reserved: number
  /** Listened on by others. */
  readonly inUseByOthers: number
  /** `size` less the two. Some may be excluded, refused by browsers or ephemeral. */
  readonly free: number
  /** Part in use, from 0 to 1. */
  readonly share: number
  /** Share from which the `'utilisation'` event is emitted. */
  readonly warnAt: number
}
