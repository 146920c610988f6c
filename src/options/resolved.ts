import type { ProxyOptions } from '../types.ts'

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
  readonly port: readonly string[]
  readonly url: readonly string[]
  readonly target: readonly string[]
  /** Read as a wish, never written: `PORT`. */
  readonly reads: readonly string[]
}

/** A service with every default filled in; `host` and `strict` stay open where the bundler decides. */
export interface ResolvedService {
  readonly name: string
  readonly kind: ServiceKind
  readonly preferred: readonly number[]
  readonly range: Range
  /** The user wrote the range, so nothing outside it is offered. */
  readonly rangeGiven: boolean
  readonly host: string | boolean | undefined
  readonly strict: boolean | undefined
  readonly required: boolean
  /** A browser opens it, so ports that browsers refuse are no candidates. */
  readonly browser: boolean
  readonly env: ResolvedEnvNames
  readonly proxy: readonly ProxyRule[]
  readonly separate: boolean
  readonly description: string | undefined
  readonly metadata: Record<string, unknown> | undefined
}

export interface ResolvedOptions {
  readonly services: readonly ResolvedService[]
  readonly exclude: readonly Range[]
  /** `undefined`: nobody said. */
  readonly strict: boolean | undefined
  readonly host: string | boolean | undefined
  /** `undefined`: no env file. */
  readonly env: { readonly file: string; readonly prefix: string | undefined } | undefined
  readonly summary: boolean | 'full'
  readonly root: string | undefined
}
