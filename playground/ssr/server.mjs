// A Node server of its own with Vite as middleware. Its port is reserved before anything is loaded.
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { join } from 'node:path'
import { reserve } from 'unplugin-ports/api'

const root = import.meta.dirname

/** Reserves the port, loads Vite, then serves. */
export async function start() {
  const ports = await reserve({ root, services: { web: 5173 } })
  const { web } = ports.services
  const reservedAt = performance.now()
  const since = () => Math.round(performance.now() - reservedAt)

  // What a browser tab does that was open already: it asks before there is a server. It waits in
  // the held socket and is answered like any other.
  const early = { sentMs: since(), answeredMs: 0, status: 0 }
  const answered = fetch(`${web.url}/early`).then((response) => {
    Object.assign(early, { answeredMs: since(), status: response.status })
  })

  const { createServer: createViteServer } = await import('vite')
  const vite = await createViteServer({
    root,
    appType: 'custom',
    server: { middlewareMode: true },
  })
  const viteMs = since()

  const story = { viteMs, adoptedMs: 0, early }
  const server = createHttpServer((request, response) => {
    vite.middlewares(request, response, () => respond(vite, story, request, response))
  })
  web.adoptInto(server)
  story.adoptedMs = since()
  await answered
  console.log(`  ➜  Local:   ${web.url}/`)

  return {
    async stop() {
      server.close()
      server.closeAllConnections()
      await vite.close()
      await ports.release()
    },
  }
}

async function respond(vite, story, request, response) {
  const { pathname } = new URL(request.url, 'http://localhost')
  try {
    if (pathname === '/') send(response, 200, 'text/html', await renderPage(vite, story))
    else if (pathname === '/early') send(response, 200, 'text/plain', 'You were early.\n')
    else send(response, 404, 'text/plain', `Nothing at ${pathname}.\n`)
  } catch (error) {
    vite.ssrFixStacktrace(error)
    vite.config.logger.error(error.stack)
    send(response, 500, 'text/plain', `${error.stack}\n`)
  }
}

async function renderPage(vite, story) {
  const [file, { render }] = await Promise.all([
    readFile(join(root, 'index.html'), 'utf8'),
    vite.ssrLoadModule('/src/entry-server.ts'),
  ])
  const template = await vite.transformIndexHtml('/', file)
  const { html, facts } = render({ ...story, pid: process.pid, renderedAt: Date.now() })
  const json = JSON.stringify(facts).replaceAll('<', '\\u003c')
  // Functions, because `$` means something in a replacement text.
  return template.replace('<!--app-->', () => html).replace('{/*facts*/}', () => json)
}

function send(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8` })
  response.end(body)
}
