// Compiled by `npm run types`; nothing here runs.
import type { UserConfig } from 'vite'
import { defineConfig, unplugin } from '../../src/index.ts'
import { allocations, reserve, whoHolds } from '../../src/api.ts'
import type { Allocation, Options, PortHolder, PortSource } from '../../src/types.ts'
import ports, { vite } from '../../src/vite.ts'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_equal: Equal<A, B>): void => {}

export const config: UserConfig = {
  plugins: [ports(), vite({ services: { api: 3000 } }), unplugin.vite({ summary: 'full' })],
}

const options = defineConfig({
  services: {
    dev: { preferred: [5173, 5174], range: [5173, 5200], strict: true },
    hmr: { separate: true },
    preview: false,
    api: {
      range: '3000-3100',
      host: '127.0.0.1',
      env: { port: ['API_PORT', 'PORT'], url: 'API_URL' },
      proxy: { '/api': { rewrite: (path: string) => path, ws: false }, '/files': true },
      required: false,
      description: 'the API',
      metadata: { team: 'core' },
    },
  },
  exclude: [3005, '4000-4099', [5000, 5010]],
  env: { file: '.env.ports', prefix: 'VITE_' },
})
same<typeof options, Options>(true)

// @ts-expect-error: an unknown option
defineConfig({ servics: {} })
// @ts-expect-error: an unknown option of a service
defineConfig({ services: { api: { prefered: 3000 } } })
// @ts-expect-error: a port is a number
defineConfig({ services: { api: { preferred: '3000' } } })
// @ts-expect-error: no such summary
defineConfig({ summary: 'short' })

export async function programs(): Promise<void> {
  await using _held = await reserve({ services: { web: 5173 } })
  same<Allocation[], ReturnType<typeof allocations>>(true)
  same<PortHolder | undefined, Awaited<ReturnType<typeof whoHolds>>>(true)
  same<PortSource, 'typed' | 'env' | 'preferred' | 'sticky' | 'range' | 'any'>(true)
}
