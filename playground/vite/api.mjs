// The API of the playground: an ordinary server that reads its port from the env file, as yours does.
import { createServer } from 'node:http'
import { join } from 'node:path'
import { whoHolds } from 'unplugin-ports/api'
import { WebSocketServer } from 'ws'
import { readEnvFile } from '../shared/env-file.mjs'

const TICK_MS = 1000
const startedAt = Date.now() - process.uptime() * 1000

// The playground that started it may be gone already. Started by hand there is no channel, and it stays.
if (process.connected === false) process.exit(0)
process.on('disconnect', () => process.exit(0))

const port = Number(readEnvFile(join(import.meta.dirname, '.env.local')).API_PORT)
if (!port) {
  console.error(
    'There is no API_PORT in playground/vite/.env.local: start Vite first, it writes it.',
  )
  process.exit(1)
}

// Asked before this server listens, so it can only be the reservation that waited for it.
const holder = await whoHolds(port)
const reservation =
  holder?.via === 'lease'
    ? { since: Date.parse(holder.since), pid: holder.pid, branch: holder.branch }
    : null
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

function send(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(`${JSON.stringify(body, null, 2)}\n`)
}

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
