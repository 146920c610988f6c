import type { Command } from './command-line.ts'
import type { PortReservation } from '../reservation/reservation.ts'

/** Tools that take their port from a flag alone, by the name of their command (and subcommand). */
const FLAGS: Readonly<Record<string, string>> = {
  'ng serve': '--port',
  'astro dev': '--port',
  'astro preview': '--port',
  'wrangler dev': '--port',
  'vue-cli-service serve': '--port',
  'vitepress dev': '--port',
  'docusaurus start': '--port',
  'gatsby develop': '--port',
  'storybook dev': '--port',
  'expo start': '--port',
  'eleventy --serve': '--port',
  'flask run': '--port',
  'hugo server': '--port',
  'hugo serve': '--port',
  'jekyll serve': '--port',
  'uvicorn ': '--port',
  'fastapi dev': '--port',
}

/** What runs the command behind it. */
const RUNNERS = /^(?:npx|bunx|pnpx|exec|dlx|pnpm|yarn|bun)$/
const PORT_FLAG = /^(?:-p|-P|--port)(?:=|$)/

/** Where a server is. */
type Place = Pick<PortReservation, 'port' | 'host' | 'url'>

/** `text` with `{port}`, `{host}` and `{url}` replaced by the reservation's. */
export function fillPort(text: string, { port, host, url }: Place): string {
  const values: Record<string, string> = { port: String(port), host: host ?? '0.0.0.0', url }
  return text.replace(/\{(port|host|url)\}/g, (whole, name: string) => values[name] ?? whole)
}

/**
 * The command with `{port}`, `{host}` and `{url}` replaced by the reservation's, and for tools that
 * ignore `PORT` with their flag at the end, unless the port is in the command already.
 */
export function withPort(command: Command, place: Place): Command {
  const fill = (text: string): string => fillPort(text, place)
  const words = [command.command, ...(command.args ?? [])]
  const filled = { ...command, command: fill(command.command), args: command.args?.map(fill) ?? [] }
  const says = words.some((word) => word.includes('{port}') || PORT_FLAG.test(word))
  const flag = says || command.shell ? undefined : flagOf(words)
  return flag === undefined
    ? filled
    : { ...filled, args: [...filled.args, flag, String(place.port)] }
}

function flagOf(words: readonly string[]): string | undefined {
  const start = words.findIndex((word) => !RUNNERS.test(nameOf(word)) && !word.startsWith('-'))
  const [tool = '', subcommand = ''] = words.slice(Math.max(0, start))
  const name = nameOf(tool)
  return FLAGS[`${name} ${subcommand}`] ?? FLAGS[`${name} `]
}

function nameOf(word: string): string {
  return word.replace(/^.*[\\/]/, '').replace(/\.(?:cmd|exe|ps1)$/i, '')
}
