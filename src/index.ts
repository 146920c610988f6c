import { createUnplugin } from 'unplugin'
import type { StartRun } from './bundlers/adapter.ts'
import { devServerHooks, type DevServerWorld } from './bundlers/dev-server/hooks.ts'
import { provideModule } from './bundlers/dev-server/module.ts'
import type { AnyCompiler } from './bundlers/dev-server/types.ts'
import { farmHooks } from './bundlers/farm/hooks.ts'
import { esbuildHooks } from './bundlers/plain/esbuild.ts'
import { rollupHooks } from './bundlers/plain/rollup.ts'
import { viteHooks } from './bundlers/vite/hooks.ts'
import { startRun, startRunSync } from './session/start.ts'
import { processWorld } from './session/world.ts'
import type { Options } from './types.ts'
import { isSwitchedOff } from './utils/switched-off.ts'
import { moduleHooks } from './virtual-module.ts'

export { defineConfig } from './config.ts'
export { PortsError, PortsOptionError } from './errors.ts'
export type { PortsErrorCode, ServiceProblem } from './errors.ts'
export type * from './types.ts'

/** The plugin for every bundler; `unplugin-ports/vite` and its siblings are its faces. */
export const unplugin = /* #__PURE__ */ createUnplugin<Options | undefined, false>(
  (options, { framework }) => {
    const start: StartRun = (request) => startRun(request, processWorld())
    const workingDirectory = (): string => processWorld().cwd
    const vite = viteHooks(options, start, processWorld)
    const devServer = devServerHooks(options, devServerWorld)
    const rollup = rollupHooks(options, start, workingDirectory)
    const esbuild = esbuildHooks(options, start, workingDirectory)
    const farm = farmHooks(options, () => ({ ...processWorld(), startRun: start }))
    const off = isSwitchedOff(processWorld().env)
    // A plugin has one host; the others have no addresses.
    const hosts = [vite, devServer, rollup, esbuild, farm]
    const addresses = () => Object.assign({}, ...hosts.map((host) => host.addresses()))
    // Their own types differ in what isn't used here.
    const applyTo = (compiler: unknown): void => {
      if (!off) devServer.apply(compiler as AnyCompiler)
      provideModule(compiler as AnyCompiler, addresses)
    }
    const base = {
      name: 'unplugin-ports',
      ...(OWN_MODULE.has(framework) ? undefined : moduleHooks(addresses)),
      webpack: applyTo,
      rspack: applyTo,
    }
    // `~ports` can be imported still, and knows of no service.
    if (off) return base
    return {
      ...base,
      vite: vite.plugin,
      rollup: rollup.plugin,
      rolldown: rollup.plugin,
      esbuild: esbuild.plugin,
      // Their own types need Farm, which is an optional peer.
      farm: farm.plugin as object,
    }
  },
)

/** Hosts that get `~ports` in a way of their own. */
const OWN_MODULE = new Set(['webpack', 'rspack'])

function devServerWorld(): DevServerWorld {
  const world = processWorld()
  return {
    ...world,
    startRun: (request) => startRun(request, world),
    startRunSync: (request) => startRunSync(request, world),
  }
}

export default unplugin
