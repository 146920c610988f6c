import type { ResolvedHealth } from './health.ts'
import type {
  Balance,
  OnConflict,
  Protocol,
  ProxyOptions,
  RestartOptions,
  Strategy,
} from '../types.ts'

/** Inclusive on both ends. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Who makes the service's server listen: the bundler itself, or somebody else. */
export type ServiceKind = 'dev' | 'hmr' | 'preview' | 'external'

export interface ProxyRule {
  readonly context: string
  readonly options: ProxyOptions
}

/** Variable names; empty lists mean none. */
export interface ResolvedEnvNames {
  /** Of the path, with `protocol: 'unix'`. */
  readonly port: readonly string[]
  readonly url: readonly string[]
  readonly target: readonly string[]
  /** Read as a wish, never written: `PORT`. */
  readonly reads: readonly string[]
}

/** Place of a service among those that one entry with `count` became. */
export interface ServiceInstance {
  /** Name of the entry, which is also the first instance's name. */
  readonly of: string
  /** Counted from 1. */
  readonly index: number
  readonly count: number
  readonly contiguous: boolean
}

/** One place where requests for a service may go. */
export type ResolvedUpstream =
  /** The service itself, all its instances. */
  | { readonly kind: 'service' }
  /** `url` as written, perhaps with credentials: never to be printed. */
  | { readonly kind: 'url'; readonly url: string }
  /** The servers that the SRV records of a name tell. */
  | { readonly kind: 'srv'; readonly name: string; readonly secure: boolean }

/** How a service's `command` is run, with every default filled in. */
export interface ResolvedProcess {
  /** A line for the shell, or a program with its arguments. */
  readonly command: string | readonly string[]
  /** As written; `undefined` for the root. */
  readonly cwd: string | undefined
  /** Variables of its own, with placeholders. */
  readonly env: Readonly<Record<string, string>>
  /** `undefined`: never. */
  readonly restart: Readonly<Required<RestartOptions>> | undefined
}

/** A named range, with every default filled in. */
export interface ResolvedPool {
  readonly name: string
  readonly range: Range
  readonly description: string | undefined
  /** Share in use from which a warning is given. */
  readonly warnAt: number
}

/** A service with every default filled in; `host` and `strict` stay open where the bundler decides. */
export interface ResolvedService {
  readonly name: string
  readonly kind: ServiceKind
  readonly preferred: readonly number[]
  readonly range: Range
  /** The user wrote the range, so nothing outside it is offered. */
  readonly rangeGiven: boolean
  /** The range is this pool's. */
  readonly pool: string | undefined
  /** `undefined`: nobody said. */
  readonly strategy: Strategy | undefined
  /** The higher chooses first. */
  readonly priority: number
  /** With `count` above 1. */
  readonly instance: ServiceInstance | undefined
  readonly group: string | undefined
  readonly protocol: Protocol
  /** As written; with `protocol: 'unix'` only. */
  readonly path: string | undefined
  /** `undefined`: nobody said. */
  readonly sticky: boolean | undefined
  readonly host: string | boolean | undefined
  readonly strict: boolean | undefined
  readonly required: boolean
  /** A browser opens it, so ports that browsers refuse are no candidates. */
  readonly browser: boolean
  /** Scheme of its URL: `http` (`https` where the server has TLS), or what a well-known service speaks. */
  readonly scheme: string
  readonly env: ResolvedEnvNames
  readonly proxy: readonly ProxyRule[]
  /** `undefined`: it is not watched. */
  readonly health: ResolvedHealth | undefined
  /** The user said how, or that, it is watched. */
  readonly healthGiven: boolean
  readonly identity: 'refuse' | 'warn' | 'off'
  readonly onConflict: OnConflict
  /** In order of preference; the service alone where nobody said. */
  readonly upstreams: readonly ResolvedUpstream[]
  readonly balance: Balance
  /** By instance; those that are missing count 1. */
  readonly weights: readonly number[]
  readonly separate: boolean
  /** How its server is started; `undefined`: by somebody else. */
  readonly process: ResolvedProcess | undefined
  /** Names of entries, as written. */
  readonly dependsOn: readonly string[]
  readonly profiles: readonly string[]
  readonly description: string | undefined
  readonly metadata: Record<string, unknown> | undefined
}

export interface ResolvedOptions {
  readonly services: readonly ResolvedService[]
  /** In the order of their ports. */
  readonly pools: readonly ResolvedPool[]
  readonly exclude: readonly Range[]
  /** `undefined`: nobody said. */
  readonly strict: boolean | undefined
  /** `undefined`: nobody said. */
  readonly strategy: Strategy | undefined
  readonly host: string | boolean | undefined
  /** `undefined`: no env file. */
  readonly env: { readonly file: string; readonly prefix: string | undefined } | undefined
  readonly summary: boolean | 'full'
  /** `undefined`: nobody said. */
  readonly sticky: boolean | undefined
  readonly compose: boolean | string
  /** What people should know of where these options come from. */
  readonly warnings?: readonly string[]
  readonly statusPage: boolean
  readonly titlePrefix: boolean
  readonly notice: boolean
  readonly root: string | undefined
}
