import { viteHost } from './_hosts/vite.ts'
import { hostSuite } from './_suite.ts'

hostSuite(viteHost)
