import { createServer } from 'node:http'
import { join, relative } from 'node:path'
import { whoHolds } from 'unplugin-ports/api'
import { WebSocketServer } from 'ws'
import { readEnvFile } from './env-file.mjs'

const TICK_MS = 1000
const repository = join(import.meta.dirname, '../..')

/**
 * The API of a playground: an ordinary server that reads its port from the env file, as yours does.
 *
 * @param {string} root The playground's directory, where the env file is.
 */
export async function serveApi(root) {
  const startedAt = Date.now() - process.uptime() * 1000

  // The playground that started it may be gone already. Started by hand there is no channel, and it stays.
  if (process.connected === false) process.exit(0)
  process.on('disconnect', () => process.exit(0))

  const port = publishedPort(root)
  // Asked before this server listens, so it can only be the reservation that waited for it.
  const reservation = await reservationOf(port)
  let listeningAt = 0
  let requests = 0

  const server = createServer((request, response) => {
    requests += 1
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/api/info') {
      const { pid } = process
      const uptimeMs = Date.now() - startedAt
      send(response, 200, { pid, port, startedAt, listeningAt, uptimeMs, requests, reservation })
    } else if (pathname === '/') {
      send(response, 200, { about: 'the API of the playground', try: ['/api/info', '/api/live'] })
    } else {
      send(response, 404, { error: `nothing at ${pathname}` })
    }
  })

  const live = new WebSocketServer({ server, path: '/api/live' })
  // It repeats the server's errors, which are handled below.
  live.on('error', () => {})
  let tick = 0
  setInterval(() => {
    tick += 1
    const memoryMb = process.memoryUsage.rss() / 1024 ** 2
    const message = JSON.stringify({ tick, at: Date.now(), memoryMb, viewers: live.clients.size })
    for (const viewer of live.clients) viewer.send(message)
  }, TICK_MS)

  server.on('error', (error) => {
    console.error(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is in use: is the API running already?`
        : error.message,
    )
    process.exit(1)
  })
  server.listen(port, 'localhost', () => {
    listeningAt = Date.now()
    console.log(`http://localhost:${port} (pid ${process.pid})`)
  })

  function stop() {
    for (const viewer of live.clients) viewer.terminate()
    server.close(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
}

function publishedPort(root) {
  const file = join(root, '.env.local')
  const port = Number(readEnvFile(file).API_PORT)
  if (port) return port
  console.error(
    `There is no API_PORT in ${relative(repository, file)}: start the playground first, its bundler writes it.`,
  )
  process.exit(1)
}

async function reservationOf(port) {
  const holder = await whoHolds(port)
  if (holder?.via !== 'lease') return null
  return { since: Date.parse(holder.since), pid: holder.pid, branch: holder.branch }
}

function send(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(`${JSON.stringify(body, null, 2)}\n`)
}
