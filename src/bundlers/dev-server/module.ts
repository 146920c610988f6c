import { MODULE_ID, renderModule } from '../../virtual-module.ts'
import type { Addresses, AnyCompiler } from './types.ts'

/** Files that import the module. */
const importers = new WeakMap<AnyCompiler, ReadonlySet<string>>()

/** Builds what imports the module once more, because addresses have changed. */
export function rebuildImporters(compiler: AnyCompiler): void {
  for (const one of compiler.compilers ?? [compiler]) {
    const { watching } = one
    // Rspack leaves modules alone whose files haven't changed, and asks for none of their imports.
    if (!watching?.invalidateWithChangesAndRemovals) watching?.invalidate()
    else watching.invalidateWithChangesAndRemovals(new Set(importers.get(one)), new Set())
  }
}

/**
 * Serves the `~ports` module to webpack and Rspack as a `data:` URI, which both resolve natively.
 * unplugin's virtual modules are watched files to webpack: it would build everything twice at start.
 */
export function provideModule(compiler: AnyCompiler, addresses: () => Addresses): void {
  const files = new Set<string>()
  importers.set(compiler, files)
  compiler.hooks.normalModuleFactory.tap('unplugin-ports', (factory) => {
    factory.hooks.beforeResolve.tap('unplugin-ports', (data) => {
      if (data.request !== MODULE_ID) return
      if (data.contextInfo?.issuer) files.add(data.contextInfo.issuer)
      data.request = `data:text/javascript,${encodeURIComponent(renderModule(addresses()))}`
    })
  })
}
