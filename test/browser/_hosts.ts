import { farmHost } from '../bundlers/_hosts/farm.ts'
import type { Host } from '../bundlers/_hosts/host.ts'
import { rsbuildHost } from '../bundlers/_hosts/rsbuild.ts'
import { rspackCliHost } from '../bundlers/_hosts/rspack.ts'
import { viteHost } from '../bundlers/_hosts/vite.ts'
import { DEV_SERVERS, webpackCliHost } from '../bundlers/_hosts/webpack.ts'
import { startVite, type ViteName, VITES } from '../_utils/vite.ts'

const viteOf = (vite: ViteName): Host => ({
  ...viteHost,
  name: vite,
  packages: { vite },
  start: (dir, args, env) => startVite(vite, dir, args, env),
})

/** Every dev server that has pages, by its command line. */
export const PAGE_HOSTS: readonly Host[] = [
  ...VITES.map(viteOf),
  ...DEV_SERVERS.map(webpackCliHost),
  rspackCliHost,
  rsbuildHost,
  farmHost,
]

/** The host with `head` in its pages, and with an icon, for which browsers ask otherwise. */
export function withHead(host: Host, head: string): Host {
  const add = (page: string): string =>
    page
      .replace(/<body>|(?=<h1>)/, `<head><link rel="icon" href="data:,">${head}</head><body>`)
      .replace('<!doctype html><head>', '<!doctype html><html><head>')
  const pages = (files: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(files).map(([name, text]) => [name, name.endsWith('.html') ? add(text) : text])
  return { ...host, files: (app) => Object.fromEntries(pages(host.files(app))) }
}
