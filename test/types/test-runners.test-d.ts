// Compiled by `npm run types`; nothing here runs.
import type { PlaywrightTestConfig } from '@playwright/test'
import { inject } from 'vitest'
import type { ViteUserConfig } from 'vitest/config'
import { ports, url } from '../../src/playwright.ts'
import setup, { port, testPorts } from '../../src/vitest.ts'

const { webServer, use } = ports({ command: 'npm run dev', preferred: [5173, 5174] })
export const playwright: PlaywrightTestConfig = { webServer, use }

const { servers } = ports({ servers: { dev: { command: 'a' }, api: { command: 'b' } } })
export const apiPort: number = servers.api.port
// @ts-expect-error There is no such server.
void servers.db
// @ts-expect-error A server needs a command.
ports({ preferred: 3000 })
export const apiUrl: string = url('api')

export const vitest: ViteUserConfig = { plugins: [testPorts({ services: { api: {} } })] }
export const injected: number | undefined = inject('ports')[0]?.api?.port
// @ts-expect-error A worker may not be there.
export const sure: number = inject('ports')[0].api.port
export const own: number = port('api')
export const teardown: Promise<() => Promise<void>> = setup({
  config: { root: '.' },
  provide: () => {},
})
// @ts-expect-error Only what counts for tests.
testPorts({ services: { api: { preferred: 3000 } } })
