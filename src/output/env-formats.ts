/** How variables can be written down. */
export const ENV_FORMATS = ['dotenv', 'shell', 'json', 'compose', 'vscode'] as const
export type EnvFormat = (typeof ENV_FORMATS)[number]

type Variables = ReadonlyMap<string, string>

/** How a container reaches the machine that it runs on. */
const HOST_OF_CONTAINERS = 'host.docker.internal'

const RENDERERS: Record<EnvFormat, (variables: Variables) => string> = {
  dotenv: (variables) => lines(variables, (name, value) => `${name}=${value}`),
  shell: (variables) => lines(variables, (name, value) => `export ${name}=${shellQuote(value)}`),
  json: (variables) => JSON.stringify(Object.fromEntries(variables), null, 2),
  compose: (variables) =>
    `environment:\n${lines(variables, (name, value) => `  ${name}: ${JSON.stringify(forContainers(value))}`)}`,
  vscode: (variables) => {
    const env = Object.fromEntries(variables)
    const systems = ['linux', 'osx', 'windows'].map((system) => [
      `terminal.integrated.env.${system}`,
      env,
    ])
    return JSON.stringify(Object.fromEntries(systems), null, 2)
  },
}

/**
 * Variables as text without a final line break: `dotenv` lines, `export` lines for a POSIX shell, a
 * JSON object, an `environment` mapping for a Compose service (`localhost` in URLs becomes
 * `host.docker.internal`), or VS Code settings for its terminals.
 */
export function renderEnv(variables: Variables, format: EnvFormat): string {
  return RENDERERS[format](variables)
}

function lines(variables: Variables, line: (name: string, value: string) => string): string {
  return Array.from(variables, ([name, value]) => line(name, value)).join('\n')
}

function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}

function forContainers(value: string): string {
  return value.replace(
    /^(\w+:\/\/)(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]|$)/,
    `$1${HOST_OF_CONTAINERS}`,
  )
}
