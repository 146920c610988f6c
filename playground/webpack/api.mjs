import { serveApi } from '../shared/api-server.mjs'

await serveApi(import.meta.dirname)
