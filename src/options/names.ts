import type { Protocol, ServiceEnvNames, ServiceOptions } from '../types.ts'
import type { ResolvedEnvNames, ServiceInstance, ServiceKind } from './resolved.ts'

/** Whether every shell and env file can carry a variable of this name. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

/**
 * The `<NAME>` of a service's variables: `authApi` and `auth-api` give `AUTH_API`.
 *
 * A name that begins with a digit gets a leading `_`, because no variable may begin with one.
 */
export function variableStem(service: string): string {
  const stem = service
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    // The end of an acronym: `HTTPServer` is HTTP and Server.
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
  return /^\d/.test(stem) ? `_${stem}` : stem
}

/** Variables in which a person, an IDE or another tool names the port of the server that it starts. */
export const GIVEN_BY_OTHERS: readonly string[] = ['PORT', 'CONDUCTOR_PORT']

/** What the names of a service's variables depend on. */
interface EnvNamesInput {
  readonly name: string
  readonly kind: ServiceKind
  readonly protocol: Protocol
  /** The service's `env` option, validated. */
  readonly env: ServiceOptions['env']
  /** Whether the service has `proxy` rules; only then is there a target by default. */
  readonly proxied: boolean
  /** The port variable of `hmr`. */
  readonly hmrVariable: string
  /** Whether a URL without user, password or path is of use; only then is it published by default. */
  readonly hasUrl: boolean
  readonly instance: ServiceInstance | undefined
}

/** The variables of a service: the user's names, and the default for every kind of value not named. */
export function resolveEnvNames(input: EnvNamesInput): ResolvedEnvNames {
  if (input.env === false) return { port: [], url: [], target: [], reads: [] }
  const defaults = defaultEnvNames(input)
  const given = namesByValue(input.env)
  const names = (value: 'port' | 'url' | 'target'): readonly string[] =>
    unique(given[value] ?? defaults[value]).flatMap((name) => numbered(name, input.instance))
  return {
    port: names('port'),
    url: names('url'),
    target: names('target'),
    reads: defaults.reads,
  }
}

/** The first of several has its usual name as well, so that nothing changes for who needs one only. */
function numbered(name: string, instance: ServiceInstance | undefined): string[] {
  if (!instance) return [name]
  const own = `${name}_${instance.index}`
  return instance.index === 1 ? [name, own] : [own]
}

function defaultEnvNames(input: EnvNamesInput): ResolvedEnvNames {
  const { name, kind, protocol, proxied, hmrVariable, hasUrl, instance } = input
  const stem = variableStem(instance?.of ?? name)
  const usual = `${stem}_${protocol === 'unix' ? 'SOCKET' : 'PORT'}`
  return {
    port: [kind === 'hmr' ? hmrVariable : usual],
    // Nobody opens the HMR socket by hand.
    url: kind === 'hmr' || !hasUrl ? [] : [`${stem}_URL`],
    target: proxied ? [`${stem}_TARGET`] : [],
    reads: kind === 'dev' || kind === 'preview' ? GIVEN_BY_OTHERS : [],
  }
}

function namesByValue(env: Exclude<ServiceOptions['env'], false>): ServiceEnvNames {
  return typeof env === 'string' || Array.isArray(env) ? { port: env } : (env ?? {})
}

function unique(names: string | readonly string[]): readonly string[] {
  return [...new Set(typeof names === 'string' ? [names] : names)]
}
