import { basename } from 'node:path'
import { findHardCoded } from '../hard-coded.ts'
import type { Finding } from '../finding.ts'
import { isWanted, type WantedService } from '../wanted.ts'

/** A file that was read. */
export interface ScannedFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/** What the dev servers of bundlers and their previews listen on when nobody says otherwise. */
const DEV_PORTS = new Set([5173, 8080, 9000])
const PREVIEW_PORT = 4173

/** `localhost:PORT` in configs and code, which in a second checkout is somebody else's port. */
export function checkHardCoded(
  files: readonly ScannedFile[],
  services: readonly WantedService[],
): Finding[] {
  return files.flatMap(({ path, text }) =>
    findHardCoded(text, isCode(path) ? 'code' : 'text').map(({ line, port, text }): Finding => {
      const service = serviceOf(port, services)
      return {
        code: 'hard-coded-port',
        severity: 'warning',
        message: `${path}:${line} says ${text}, which in another checkout is somebody else's.`,
        fix: adviceFor(path, port, service),
        file: path,
        line,
        port,
        ...(service && { service: service.name }),
      }
    }),
  )
}

function isCode(path: string): boolean {
  return !/^(?:\.env|package\.json$)/.test(basename(path))
}

interface Meant {
  readonly name: string
  readonly url: string
  readonly isKnown: boolean
}

function serviceOf(port: number, services: readonly WantedService[]): Meant | undefined {
  const found = services.find((service) => isWanted(service, port))
  if (found) {
    return { name: found.name, url: found.env.url[0] ?? `${upper(found.name)}_URL`, isKnown: true }
  }
  if (DEV_PORTS.has(port)) return { name: 'dev', url: 'DEV_URL', isKnown: true }
  return port === PREVIEW_PORT ? { name: 'preview', url: 'PREVIEW_URL', isKnown: true } : undefined
}

function adviceFor(path: string, port: number, service: Meant | undefined): string {
  const { name, url, isKnown } = service ?? { name: 'api', url: 'API_URL', isKnown: false }
  const first = isKnown
    ? ''
    : `Make it a service, such as services: { ${name}: { preferred: ${port} } }. `
  const file = basename(path)
  if (/^(?:vite|webpack|rspack|rsbuild|farm)[\w.]*\.config|^webpack\./.test(file)) {
    return `${first}Let ports() forward to it: services: { ${name}: { proxy: '/${name}' } }; or read process.env.${url.replace(/_URL$/, '_TARGET')}.`
  }
  if (/^(?:playwright|cypress|wdio|vitest|jest)\b.*config/.test(file)) {
    return `${first}Write process.env.${url}, after \`ports run\` or from the env file.`
  }
  if (file.startsWith('.env')) {
    return `${first}Take the line out: ${url} stands in the managed block.`
  }
  if (file === 'package.json')
    return `${first}Run it with \`ports run\`, and write {url} or $${url}.`
  return `${first}In code that the bundler serves: services.${name}?.url of '~ports', or a path that \`proxy\` forwards; in Node: process.env.${url}.`
}

function upper(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z\d]/g, '_')
}
