import { MODULE_ID, renderModule } from '../../virtual-module.ts'
import type { Addresses, AnyCompiler } from './types.ts'

/**
 * Serves the `~ports` module to webpack and Rspack as a `data:` URI, which both resolve natively.
 * unplugin's virtual modules are watched files to webpack: it would build everything twice at start.
 */
export function provideModule(compiler: AnyCompiler, addresses: () => Addresses): void {
  compiler.hooks.normalModuleFactory.tap('unplugin-ports', (factory) => {
    factory.hooks.beforeResolve.tap('unplugin-ports', (data) => {
      if (data.request !== MODULE_ID) return
      data.request = `data:text/javascript,${encodeURIComponent(renderModule(addresses()))}`
    })
  })
}
